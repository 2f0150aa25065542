namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A linear of the base, y = W x + b, in memory that may be written while the model is served: see <see cref="Cpu.FusableProduct"/>,
/// <see cref="Cpu.LowRankMerge"/>, <see cref="Cpu.SparseMerge"/>, <see cref="Cpu.InputMerge"/>.
/// <b>Shapes</b>: W [O, H], b [O]. <b>Layout</b>: W as <see cref="DenseWeights"/> in f32, so that a column of 64 outputs stands in one place; b
/// zero-padded to sixteen.
/// <b>Effects</b>: owns its memory. Whoever writes makes sure that nobody reads meanwhile.
/// </summary>
public sealed unsafe class FusableLinear : IDisposable
{
    /// <summary>Rows that <see cref="Load"/> takes at once.</summary>
    public const int RowsAtOnce = Packing.PanelWidth;

    private readonly WeightArena _arena = new();
    private readonly DenseWeights _replacing;
    private readonly DenseWeights _adding;

    public FusableLinear(int inFeatures, int outFeatures)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);
        W = (float*)_arena.Allocate(WeightBytes);
        Bias = (float*)_arena.Allocate((long)Packing.RoundUp(outFeatures) * sizeof(float));
        _replacing = DenseWeights.Over(W, inFeatures, outFeatures, DenseMode.Replace);
        _adding = DenseWeights.Over(W, inFeatures, outFeatures, DenseMode.Add);
    }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>Whether there is a b; without one it costs nothing.</summary>
    public bool HasBias { get; private set; }

    internal float* W { get; }

    internal float* Bias { get; }

    internal DenseWeights Product => HasBias ? _adding : _replacing;

    /// <summary>
    /// Writes the rows of W from <paramref name="firstRow"/> on. <b>Shapes</b>: [<see cref="RowsAtOnce"/>, H], fewer rows at the end of W.
    /// </summary>
    public void Load(int firstRow, ReadOnlySpan<float> rows)
    {
        var count = Math.Min(RowsAtOnce, OutFeatures - firstRow);
        Shape.Require("FusableLinear", "offset of the first row in its panel", 0, firstRow % RowsAtOnce);
        Shape.Require("FusableLinear", "rows", (long)count * InFeatures, rows.Length);
        Packing.Panel<float, float, Keep<float>>(rows, count, InFeatures, W + ((nint)firstRow * InFeatures));
    }

    /// <summary>Sets b; empty is none.</summary>
    public void LoadBias(ReadOnlySpan<float> bias)
    {
        Shape.Require("FusableLinear", "bias", bias.IsEmpty ? 0 : OutFeatures, bias.Length);
        HasBias = !bias.IsEmpty;
        new Span<float>(Bias, OutFeatures).Clear();
        bias.CopyTo(new Span<float>(Bias, OutFeatures));
    }

    /// <summary>
    /// Columns of the rows [<paramref name="firstRow"/>, firstRow + <paramref name="rows"/>) of W, each as a row. <b>Shapes</b>: y [count, rows].
    /// </summary>
    public void ReadColumns(int first, int count, int firstRow, int rows, float* y) => Columns(first, count, firstRow, rows, y, isWrite: false);

    /// <summary>The inverse of <see cref="ReadColumns"/>.</summary>
    public void WriteColumns(int first, int count, int firstRow, int rows, float* y) => Columns(first, count, firstRow, rows, y, isWrite: true);

    /// <summary>Part of b, zero where there is none. <b>Shapes</b>: [rows].</summary>
    public void ReadBias(int firstRow, Span<float> target) => new ReadOnlySpan<float>(Bias + firstRow, target.Length).CopyTo(target);

    /// <summary>Sets part of b.</summary>
    public void WriteBias(int firstRow, ReadOnlySpan<float> source)
    {
        source.CopyTo(new Span<float>(Bias, OutFeatures)[firstRow..]);
        HasBias = true;
    }

    /// <summary>Memory like W's, to write a new W into.</summary>
    public float* BeginReplacing(WeightArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        return (float*)arena.Allocate(WeightBytes);
    }

    /// <summary>Takes over what was written since <see cref="BeginReplacing"/>.</summary>
    public void EndReplacing(float* w) => Buffer.MemoryCopy(w, W, WeightBytes, WeightBytes);

    /// <summary>W [O, H] and b [O], empty where there is none, for tests and comparisons.</summary>
    public (float[] W, float[] Bias) Unpack() => (_replacing.Unpack(), HasBias ? new ReadOnlySpan<float>(Bias, OutFeatures).ToArray() : []);

    public void Dispose() => _arena.Dispose();

    private long WeightBytes => Packing.PanelElements(OutFeatures, InFeatures) * sizeof(float);

    private void Columns(int first, int count, int firstRow, int rows, float* y, bool isWrite)
    {
        Shape.RequireRange("FusableLinear", "columns", 0, InFeatures - first + 1L, count);
        Shape.RequireRange("FusableLinear", "rows", 0, OutFeatures - firstRow + 1L, rows);
        for (var column = first; column < first + count; column++)
        {
            for (var row = firstRow; row < firstRow + rows;)
            {
                var run = Math.Min(RowsAtOnce - (row % RowsAtOnce), firstRow + rows - row);
                var stored = W + OffsetOf(row, column);
                Buffer.MemoryCopy(isWrite ? y : stored, isWrite ? stored : y, (long)run * sizeof(float), (long)run * sizeof(float));
                row += run;
                y += run;
            }
        }
    }

    /// <summary>Where the element at a row and a column of W stands.</summary>
    internal nint OffsetOf(int row, int column)
    {
        var panel = row / RowsAtOnce * RowsAtOnce;
        return ((nint)panel * InFeatures) + ((nint)column * Packing.WidthAt(panel, OutFeatures)) + (row - panel);
    }
}

using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>A batch whose rows name their mixtures; -1 names none. Every buffer ends at a guard page.</summary>
internal sealed unsafe class MixtureCase : IDisposable
{
    private readonly WeightArena _arena = new();
    private readonly int _width;
    private readonly MixtureRecipe[] _recipes;
    private readonly MixtureWeights[] _weights;
    private readonly int[] _mixtureOfRow;

    public MixtureCase(int width, MixtureRecipe[] recipes, int[] mixtureOfRow)
    {
        (_width, _recipes, _mixtureOfRow) = (width, recipes, mixtureOfRow);
        _weights = Array.ConvertAll(recipes, recipe => recipe.Pack(_arena, width));
        X = RandomData.Floats(1, (long)mixtureOfRow.Length * width);
        Y = RandomData.Floats(3, (long)mixtureOfRow.Length * width);
    }

    public float[] X { get; }

    public float[] Y { get; }

    public float[] Run(IParallel? parallel = null) => Run(0, _mixtureOfRow.Length, parallel ?? new SerialParallel());

    public float[] RunRowAlone(int row) => Run(row, row + 1, new SerialParallel());

    public void AssertCloseToReference(float[] actual)
    {
        for (var row = 0; row < _mixtureOfRow.Length; row++)
        {
            var (x, y) = (Row(X, row), Row(Y, row));
            var (expected, tolerance) = _mixtureOfRow[row] < 0 ? (y, 0) : _recipes[_mixtureOfRow[row]].Expect(x, y);
            for (var i = 0; i < _width; i++)
            {
                var got = actual[(row * _width) + i];
                Assert.True(Math.Abs(got - expected[i]) <= tolerance, $"width {_width}, row {row}, at {i}: expected {expected[i]}, got {got}, allowed {tolerance}");
            }
        }
    }

    public void Dispose() => _arena.Dispose();

    private double[] Row(float[] values, int row) => Array.ConvertAll(values[(row * _width)..((row + 1) * _width)], value => (double)value);

    private float[] Run(int start, int end, IParallel parallel)
    {
        var segments = new List<MixtureSegment>();
        for (var row = start; row < end;)
        {
            var next = row + 1;
            while (next < end && _mixtureOfRow[next] == _mixtureOfRow[row])
            {
                next++;
            }

            if (_mixtureOfRow[row] >= 0)
            {
                segments.Add(new MixtureSegment(row - start, next - start, _weights[_mixtureOfRow[row]]));
            }

            row = next;
        }

        using var x = new GuardedBuffer<float>(X.AsSpan(start * _width, (end - start) * _width));
        using var y = new GuardedBuffer<float>(Y.AsSpan(start * _width, (end - start) * _width));
        using var workspace = new GuardedBuffer<byte>(Mixture.WorkspaceBytes([.. segments]));
        workspace.Span.Fill(0xFF);
        var operands = new BottleneckOperands { X = x.Pointer, Y = y.Pointer, InFeatures = _width, OutFeatures = _width };
        Mixture.Apply(operands, [.. segments], workspace.Pointer, parallel);
        return y.Span.ToArray();
    }
}

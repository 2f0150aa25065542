using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment's share of the workspace; what it does not need is null. Widths are padded to sixteen.</summary>
internal unsafe struct BottleneckScratch
{
    public const int Alignment = 64;

    /// <summary>h where it is not an operand as it is, [rows, in width].</summary>
    public float* Gathered;

    /// <summary>The sum of h for weights of bits, [rows].</summary>
    public float* Sums;

    /// <summary>d, [rows, Stride].</summary>
    public float* D;

    /// <summary>a, [rows, Stride]; the same memory as D but for a convolution, whose inputs are still read.</summary>
    public float* A;

    /// <summary>U a where something follows, [rows, out width].</summary>
    public float* V;

    /// <summary>Between rows of D and of A: the rank and the last column.</summary>
    public int Stride;

    public static long Floats(BottleneckWeights weights, int rows)
    {
        BottleneckScratch scratch = default;
        return (long)scratch.Take(weights, rows, null) / sizeof(float);
    }

    /// <summary>Takes its memory from <paramref name="memory"/> on; the end of it.</summary>
    public float* Take(BottleneckWeights weights, int rows, float* memory)
    {
        Stride = Packing.RoundUp(weights.Rank + 1);
        Gathered = Piece(NeedsGathering(weights), ref memory, rows, Packing.RoundUp(weights.InWidth));
        Sums = Piece(weights.Type == WeightType.Bit, ref memory, 1, Packing.RoundUp(rows));
        D = Piece(true, ref memory, rows, Stride);
        A = Piece(weights.Convolution.Taps > 0, ref memory, rows, Stride);
        A = weights.Convolution.Taps > 0 ? A : D;
        V = Piece(weights.After.IsPresent || weights.ChannelScale is not null, ref memory, rows, Packing.RoundUp(weights.OutWidth));
        return memory;
    }

    public static bool NeedsGathering(BottleneckWeights weights) =>
        weights.Input == BottleneckInput.Sum || weights.Before.IsPresent || weights.InWidth % Packing.Lanes != 0;

    public static bool NeedsFinish(in BottleneckWork work) => work.After.IsPresent || work.ChannelScale is not null;

    private static float* Piece(bool isNeeded, ref float* memory, int rows, int width)
    {
        var piece = memory;
        memory += isNeeded ? (nint)rows * width : 0;
        return isNeeded ? piece : null;
    }
}

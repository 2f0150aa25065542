using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Low-rank factors in fewer bits than they came in.
/// <b>Semantics</b>: bf16 rounds to nearest; int8 and one bit as <see cref="RankRounding"/> says, for each rank of A and of B, so that the scales
/// cost one product for each rank of v = A x and no bytes
/// that show. A scale for each output of B instead would bring the error down by a quarter (0.5 instead of 0.7 % for trained LoRAs, 1.0 instead of
/// 1.2 for random ones) for an eighth more bytes at rank 16
/// and half as many again at rank 4.
/// </summary>
public static unsafe class LowRankRounding
{
    /// <summary>Rows of random signs by which the error is measured.</summary>
    private const int Probes = 16;

    /// <summary>
    /// The factors as <paramref name="type"/>, in an arena of their own; bf16 stays bf16 where f32 is asked for.
    /// <see cref="LowRankWeights.HeldError"/> says what it cost.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for factors that are held in fewer bits already.
    /// </summary>
    public static LowRankWeights Round(LowRankWeights exact, WeightType type, WeightArena arena)
    {
        ArgumentNullException.ThrowIfNull(exact);
        if (exact.Type is not (WeightType.F32 or WeightType.BF16))
        {
            throw new ArgumentException($"LowRank: weights to round must be F32 or BF16, got {exact.Type}.");
        }

        var held = exact.Rounded(type == WeightType.F32 ? exact.Type : type, arena);
        held.HeldError = held.Type == exact.Type ? null : Error(exact, held);
        return held;
    }

    /// <summary>
    /// |B' A' - B A| over |B A| in the Frobenius norm, estimated by what both make of rows of random signs (each row's squared length has the
    /// squared norm as its mean). A gate is left out.
    /// </summary>
    private static double Error(LowRankWeights exact, LowRankWeights held)
    {
        var (inFeatures, outFeatures) = (exact.InFeatures, exact.OutFeatures);
        var (x, bytes) = (new float[checked(Probes * inFeatures)], new byte[Probes * inFeatures]);
        new Random(1).NextBytes(bytes);
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = 1 - (bytes[i] & 2);
        }

        var (expected, got) = (Product(exact.Ungated(), x), Product(held.Ungated(), x));
        var (difference, whole) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            difference += ((double)got[i] - expected[i]) * ((double)got[i] - expected[i]);
            whole += (double)expected[i] * expected[i];
        }

        return difference == 0 ? 0 : Math.Sqrt(difference / whole);
    }

    private static float[] Product(LowRankWeights weights, float[] x)
    {
        var y = new float[checked(Probes * weights.OutFeatures)];
        var workspace = new byte[LowRank.WorkspaceBytes(Probes, 1, weights.Rank, weights.InFeatures)];
        fixed (float* input = x, output = y)
        fixed (byte* scratch = workspace)
        {
            LowRankSegment[] all = [new(0, Probes, weights)];
            LowRank.Add(input, weights.InFeatures, output, weights.OutFeatures, all, scratch, new SerialParallel());
        }

        return y;
    }
}

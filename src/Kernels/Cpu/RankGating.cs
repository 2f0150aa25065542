using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>The gate between the two products of a <see cref="LowRank"/>: v[r] *= scale * w[r], see <see cref="RankGate"/>. <b>Source</b>: arXiv:2506.21035.</summary>
internal static unsafe class RankGating
{
    private const double SmallestLength = 1e-12;

    public static void Apply<TLanes>(float* v, int rank, in RankGate gate, float scale)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var padded = Packing.RoundUp(rank);
        var s = stackalloc float[padded];
        var largest = stackalloc float[gate.Kept];
        Normalise(v, s, rank);
        var equal = Sort(s, rank, largest, gate.Kept);
        var last = largest[gate.Kept - 1];
        var total = 0f;
        var weights = stackalloc float[padded];
        Exponentials<TLanes>(s, weights, padded, largest[0], gate.Temperature);
        for (var r = 0; r < rank; r++)
        {
            total += weights[r];
        }

        for (var r = 0; r < rank; r++)
        {
            var isKept = s[r] > last || (s[r] == last && equal-- > 0);
            v[r] = isKept && s[r] >= gate.Threshold ? scale * (weights[r] / total) * v[r] : 0;
        }
    }

    private static void Normalise(float* v, float* s, int rank)
    {
        var sum = 0.0;
        for (var r = 0; r < rank; r++)
        {
            sum += (double)v[r] * v[r];
        }

        var length = Math.Max(Math.Sqrt(sum), SmallestLength);
        for (var r = 0; r < rank; r++)
        {
            s[r] = (float)(v[r] / length);
        }
    }

    /// <summary>The largest values, descending; returns how many of them equal the last.</summary>
    private static int Sort(float* s, int rank, float* largest, int kept)
    {
        var count = 0;
        for (var r = 0; r < rank; r++)
        {
            if (count == kept && !(s[r] > largest[kept - 1]))
            {
                continue;
            }

            var at = count < kept ? count++ : kept - 1;
            for (; at > 0 && s[r] > largest[at - 1]; at--)
            {
                largest[at] = largest[at - 1];
            }

            largest[at] = s[r];
        }

        var equal = 0;
        for (var i = 0; i < kept; i++)
        {
            equal += largest[i] == largest[kept - 1] ? 1 : 0;
        }

        return equal;
    }

    /// <summary>exp((s - highest) / temperature); what stands behind the ranks is never read.</summary>
    private static void Exponentials<TLanes>(float* s, float* weights, int padded, float highest, float temperature)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var (top, divisor) = (TLanes.Broadcast(highest), TLanes.Broadcast(temperature));
        for (var r = 0; r < padded; r += Packing.Lanes)
        {
            TLanes.Store(VectorMath.Exp(TLanes.Divide(TLanes.Subtract(TLanes.Load(s + r), top), divisor)), weights + r);
        }
    }
}

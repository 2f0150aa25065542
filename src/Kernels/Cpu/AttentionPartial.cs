using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The state of an online softmax for some rows: sums of weighted values [rows, width], maxima [rows], sums of weights [rows].
/// A row that has seen no position has weight 0.
/// </summary>
internal readonly unsafe struct AttentionPartial(byte* memory, int rows, int width)
{
    public float* Sums { get; } = (float*)memory;

    public float* Maxima { get; } = (float*)memory + ((nint)rows * width);

    public float* Totals { get; } = (float*)memory + ((nint)rows * width) + rows;

    public void Clear() => new Span<float>(Totals, rows).Clear();

    /// <summary>Takes the next chunk in; the only place where chunks meet, so a split changes no bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge<TLanes>(AttentionPartial next)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var row = 0; row < rows; row++)
        {
            if (next.Totals[row] == 0)
            {
                continue;
            }

            if (Totals[row] != 0)
            {
                // One of the two factors is exactly 1.
                var grows = next.Maxima[row] > Maxima[row];
                var factor = MathF.Exp(-Math.Abs(next.Maxima[row] - Maxima[row]));
                var keep = grows ? factor : 1;
                var take = grows ? 1 : factor;
                Maxima[row] = grows ? next.Maxima[row] : Maxima[row];
                Totals[row] = (Totals[row] * keep) + (next.Totals[row] * take);
                MergeRow<TLanes>(Sums + ((nint)row * width), next.Sums + ((nint)row * width), keep, take);
                continue;
            }

            Maxima[row] = next.Maxima[row];
            Totals[row] = next.Totals[row];
            new Span<float>(next.Sums + ((nint)row * width), width).CopyTo(new Span<float>(Sums + ((nint)row * width), width));
        }
    }

    private void MergeRow<TLanes>(float* sums, float* next, float keep, float take)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var keepLanes = TLanes.Broadcast(keep);
        var takeLanes = TLanes.Broadcast(take);
        for (var i = 0; i < width; i += 16)
        {
            var kept = TLanes.Multiply(TLanes.Load(sums + i), keepLanes);
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(next + i), takeLanes, kept), sums + i);
        }
    }
}

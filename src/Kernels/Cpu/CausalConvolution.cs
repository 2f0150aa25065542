using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: a_t[c] = bias[c] + sum over j of weight[c, j] d_{t - (taps - 1) + j}[c], from the oldest token to the newest, each row looking
/// at its own sequence:
/// at rows of this step, before them at the sequence's state. <see cref="Remember"/> then makes the last taps - 1 inputs the new state.
/// <b>Shapes</b>: d and a [rows, stride], weight [taps, R], state [taps - 1, R], R padded to sixteen.
/// </summary>
internal static unsafe class CausalConvolution
{
    private const int Lanes = Packing.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes>(in BottleneckWork work, SequenceRows* sequences, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var taps = work.Convolution.Taps;
        var rows = stackalloc float*[TapsAtOnce];
        var sequence = sequences + work.FirstSequence;
        for (var row = first; row < end; row++)
        {
            while (taps > 1 && work.RowStart + row >= sequence->RowEnd)
            {
                sequence++;
            }

            Start<TLanes>(work, row);
            for (var tap = 0; tap < taps; tap += TapsAtOnce)
            {
                var count = Math.Min(TapsAtOnce, taps - tap);
                for (var i = 0; i < count; i++)
                {
                    rows[i] = Input(work, sequence, row, taps - 1 - tap - i);
                }

                AddTaps<TLanes>(work, row, tap, count, rows);
            }
        }
    }

    /// <summary>After all rows are computed.</summary>
    public static void Remember(in BottleneckWork work, SequenceRows* sequences)
    {
        var kept = work.Convolution.Taps - 1;
        var width = Packing.RoundUp(work.Rank);
        for (var i = work.FirstSequence; kept > 0 && i < work.FirstSequence + work.Sequences; i++)
        {
            var last = sequences[i].RowEnd - 1 - work.RowStart;
            var state = State(work, sequences + i);
            for (var slot = 0; slot < kept; slot++)
            {
                // The oldest first: what a slot takes from the state stands in a later slot.
                new Span<float>(Input(work, sequences + i, last, kept - 1 - slot), width).CopyTo(new Span<float>(state + (slot * width), width));
            }
        }
    }

    private const int TapsAtOnce = 16;

    private static float* State(in BottleneckWork work, SequenceRows* sequence) => (float*)(sequence->State + work.Convolution.StateOffset);

    /// <summary>The input <paramref name="back"/> tokens before a row.</summary>
    private static float* Input(in BottleneckWork work, SequenceRows* sequence, int row, int back)
    {
        var start = work.Convolution.Taps > 1 ? sequence->RowStart - work.RowStart : row;
        var at = row - back;
        return at >= start
            ? work.Scratch.D + ((nint)at * work.Scratch.Stride)
            : State(work, sequence) + ((nint)(work.Convolution.Taps - 1 + at - start) * Packing.RoundUp(work.Rank));
    }

    private static void Start<TLanes>(in BottleneckWork work, int row)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var a = work.Scratch.A + ((nint)row * work.Scratch.Stride);
        for (var i = 0; i < work.Rank; i += Lanes)
        {
            TLanes.Store(TLanes.Load(work.Convolution.Bias + i), a + i);
        }
    }

    private static void AddTaps<TLanes>(in BottleneckWork work, int row, int tap, int count, float** rows)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var a = work.Scratch.A + ((nint)row * work.Scratch.Stride);
        nint width = Packing.RoundUp(work.Rank);
        for (nint i = 0; i < width; i += Lanes)
        {
            var sum = TLanes.Load(a + i);
            for (var j = 0; j < count; j++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(work.Convolution.Weight + ((tap + j) * width) + i), TLanes.Load(rows[j] + i), sum);
            }

            TLanes.Store(sum, a + i);
        }
    }
}

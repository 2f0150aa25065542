using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="AttentionPromptCall"/> see it.</summary>
internal unsafe struct AttentionPromptWork
{
    public int RowStart;
    public int Rows;
    public int Count;
    public float Gate;
    public float* Keys;
    public float* Values;
    public long Start;
    public long RowCost;
}

/// <summary>
/// One call of <see cref="AttentionPrompt.Add"/>, shared out in rows. A task's scratch: one head's query and sums, then its logits.
/// </summary>
internal unsafe struct AttentionPromptCall : ISimdCall
{
    private const int Lanes = 16;

    private readonly RotaryQueries _queries;
    private readonly float* _y;
    private readonly AttentionPromptWork* _works;
    private readonly float* _scratch;
    private readonly long _scratchFloats;
    private readonly int _heads;
    private readonly int _group;
    private readonly int _size;
    private readonly int _padded;
    private readonly float _scale;
    private readonly int _segments;
    private readonly long _total;
    private int _tasks;

    public AttentionPromptCall(in RotaryQueries queries, float* y, ReadOnlySpan<AttentionPromptSegment> segments, void* workspace)
    {
        var first = segments[0].Weights;
        _queries = queries;
        _y = y;
        _works = (AttentionPromptWork*)workspace;
        (_heads, _group, _size, _padded) = (first.Heads, first.Heads / first.KvHeads, first.HeadSize, Packing.RoundUp(first.HeadSize));
        _scale = 1 / MathF.Sqrt(_size);
        var longest = 0;
        foreach (var segment in segments)
        {
            var (weights, rows) = (segment.Weights, segment.RowEnd - segment.RowStart);
            if (rows > 0)
            {
                var cost = 2L * weights.Count * _padded * _heads;
                _works[_segments++] = new AttentionPromptWork
                {
                    RowStart = segment.RowStart, Rows = rows, Count = weights.Count, Gate = weights.Gate,
                    Keys = weights.Keys, Values = weights.Values, Start = _total, RowCost = cost,
                };
                _total += rows * cost;
                longest = Math.Max(longest, weights.Count);
            }
        }

        _scratch = (float*)(_works + segments.Length);
        _scratchFloats = ScratchFloats(_size, longest);
    }

    public static long ScratchFloats(int headSize, int longest) => (2L * Packing.RoundUp(headSize)) + Packing.RoundUp(longest);

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (AttentionPromptCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(AttentionPromptCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        var scratch = call._scratch + (task * call._scratchFloats);
        new Span<float>(scratch, call._padded).Clear();
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var end = WorkSplit.FirstUnit(to, work.Start, work.RowCost, work.Rows);
            for (var row = WorkSplit.FirstUnit(from, work.Start, work.RowCost, work.Rows); row < end; row++)
            {
                call.Row<TLanes>(work, work.RowStart + row, scratch);
            }
        }
    }

    private readonly void Row<TLanes>(in AttentionPromptWork work, int row, float* scratch)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var query = scratch;
        var sums = scratch + _padded;
        var logits = scratch + (2 * _padded);
        var half = _queries.RotaryDims / 2;
        var angle = half == 0 ? 0 : (nint)_queries.Positions[row] * half;
        for (var head = 0; head < _heads; head++)
        {
            var at = (((nint)row * _heads) + head) * _size;
            var offset = (nint)(head / _group) * work.Count * _padded;
            AttentionStore.Rotate<TLanes>(_queries.Query + at, _queries.Cos + angle, _queries.Sin + angle, half, _size, _scale, query);
            var total = Weigh<TLanes>(query, work.Keys + offset, work.Count, logits);
            Sum<TLanes>(logits, work.Values + offset, work.Count, sums);
            var factor = work.Gate / total;
            for (var i = 0; i < _size; i++)
            {
                _y[at + i] += sums[i] * factor;
            }
        }
    }

    /// <summary>weights = e^(q.k - their maximum); returns their sum.</summary>
    private readonly float Weigh<TLanes>(float* query, float* keys, int count, float* weights)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var greatest = float.NegativeInfinity;
        for (var j = 0; j < count; j++)
        {
            var dot = TLanes.Zero;
            for (var i = 0; i < _padded; i += Lanes)
            {
                dot = TLanes.MultiplyAdd(TLanes.Load(query + i), TLanes.Load(keys + ((nint)j * _padded) + i), dot);
            }

            weights[j] = TLanes.Sum(dot);
            greatest = Math.Max(greatest, weights[j]);
        }

        // What fills the last lanes weighs nothing in the sum below.
        new Span<float>(weights + count, Packing.RoundUp(count) - count).Fill(greatest);
        var total = 0f;
        for (var j = 0; j < count; j += Lanes)
        {
            TLanes.Store(VectorMath.Exp(TLanes.Subtract(TLanes.Load(weights + j), TLanes.Broadcast(greatest))), weights + j);
        }

        for (var j = 0; j < count; j++)
        {
            total += weights[j];
        }

        return total;
    }

    private readonly void Sum<TLanes>(float* weights, float* values, int count, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var i = 0; i < _padded; i += Lanes)
        {
            var sum = TLanes.Zero;
            for (var j = 0; j < count; j++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(weights[j]), TLanes.Load(values + ((nint)j * _padded) + i), sum);
            }

            TLanes.Store(sum, sums + i);
        }
    }
}

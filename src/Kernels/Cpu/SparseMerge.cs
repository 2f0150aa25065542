using System.Runtime.Intrinsics.X86;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// W += S for a mostly empty S, element by element, and back.
/// <b>Semantics</b>: <see cref="Add"/> keeps the weights that it changes, <see cref="Restore"/> puts exactly these back.
/// <b>Layout</b>: the elements in the order of their places in memory; equal places were added up.
/// <b>Effects</b>: planned once for one linear, wherever its values stand then; neither call allocates.
/// </summary>
public sealed unsafe class SparseMerge
{
    private const int TaskElements = 1 << 13;
    private const int Ahead = 24;
    private readonly FusableLinear _linear;
    private readonly uint[] _places;
    private readonly float[] _changes;
    private readonly float[] _kept;

    /// <param name="linear">What is written; of at most 2^32 weights.</param>
    /// <param name="weights">S, or the rows of it that begin at <paramref name="firstRow"/>.</param>
    /// <param name="firstRow">The output that S's first row is for.</param>
    public SparseMerge(FusableLinear linear, SparseWeights weights, int firstRow = 0)
    {
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(weights);
        Shape.Require("SparseMerge", "in features of the weights", linear.InFeatures, weights.InFeatures);
        Shape.RequireRange("SparseMerge", "first row", 0, linear.OutFeatures - weights.OutFeatures + 1L, firstRow);
        _linear = linear;
        var (rows, columns, values) = weights.Unpack();
        var places = new uint[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            places[i] = checked((uint)linear.OffsetOf(firstRow + rows[i], columns[i]));
            values[i] *= weights.Scale;
        }

        Array.Sort(places, values);
        Count = AddUp(places, values);
        (_places, _changes, _kept) = (places, values, new float[Count]);
    }

    /// <summary>Weights that change.</summary>
    public int Count { get; }

    public void Add(IParallel parallel) => Run(parallel, &AddTask);

    /// <summary>After <see cref="Add"/>.</summary>
    public void Restore(IParallel parallel) => Run(parallel, &RestoreTask);

    private static int AddUp(uint[] places, float[] values)
    {
        var count = 0;
        for (var i = 0; i < places.Length; i++)
        {
            if (count > 0 && places[count - 1] == places[i])
            {
                values[count - 1] += values[i];
            }
            else
            {
                (places[count], values[count++]) = (places[i], values[i]);
            }
        }

        return count;
    }

    private void Run(IParallel parallel, delegate*<void*, int, void> task)
    {
        ArgumentNullException.ThrowIfNull(parallel);
        fixed (uint* places = _places)
        fixed (float* changes = _changes, kept = _kept)
        {
            var call = new Call { W = _linear.W, Places = places, Changes = changes, Kept = kept, Count = Count };
            parallel.For((Count + TaskElements - 1) / TaskElements, task, &call);
        }
    }

    private static void AddTask(void* state, int task)
    {
        var call = *(Call*)state;
        var end = Math.Min(call.Count, (task + 1) * TaskElements);
        for (var i = task * TaskElements; i < end; i++)
        {
            call.Ask(i);
            var weight = call.W + call.Places[i];
            call.Kept[i] = *weight;
            *weight += call.Changes[i];
        }
    }

    private static void RestoreTask(void* state, int task)
    {
        var call = *(Call*)state;
        var end = Math.Min(call.Count, (task + 1) * TaskElements);
        for (var i = task * TaskElements; i < end; i++)
        {
            call.Ask(i);
            call.W[call.Places[i]] = call.Kept[i];
        }
    }

    private struct Call
    {
        public float* W;
        public uint* Places;
        public float* Changes;
        public float* Kept;
        public int Count;

        /// <summary>The places are too far apart for the processor to guess.</summary>
        public readonly void Ask(int at)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(W + Places[Math.Min(at + Ahead, Count - 1)]);
            }
        }
    }
}

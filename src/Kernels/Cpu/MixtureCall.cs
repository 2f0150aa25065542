using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>What of a mixture goes by rows.</summary>
internal enum MixturePhase
{
    /// <summary>h = x, y or x + y, and the outputs are zero.</summary>
    Gather,

    /// <summary>The outputs join y, or what V is applied to.</summary>
    Mix,
}

/// <summary>One segment of a <see cref="Mixture"/>; pointers are to its first row.</summary>
internal unsafe struct MixtureCall
{
    private const int Lanes = Packing.Lanes;

    private readonly float* _x;
    private readonly float* _y;
    private readonly int _rows;
    private readonly int _width;
    private readonly nint _block;
    private readonly int _children;
    private readonly BottleneckInput _input;
    private readonly float _carry;
    private readonly float* _outputs;
    private readonly bool _hasAttention;
    private readonly bool _hasValue;
    private fixed float _factors[MixtureWeights.MaxChildren];
    private MixturePhase _phase;
    private int _tasks;

    public MixtureCall(MixtureWeights weights, float* x, float* y, int rows, in MixtureScratch scratch, float* memory)
    {
        _x = x;
        _y = y;
        (_rows, _width, _block) = (rows, weights.OutFeatures, scratch.Block);
        (_children, _input, _carry) = (weights.Children.Length, weights.Input, weights.Carry);
        H = memory;
        _outputs = memory + scratch.Outputs;
        Queried = memory + scratch.Queried;
        Keyed = memory + scratch.Keyed;
        Mixed = memory + scratch.Mixed;
        (_hasAttention, _hasValue) = (weights.HasAttention, weights.Value is not null);
        for (var i = 0; i < weights.Factors.Length; i++)
        {
            _factors[i] = weights.Factors[i];
        }
    }

    /// <summary>[rows, width].</summary>
    public float* H { get; }

    /// <summary>Q q + c, [rows, width].</summary>
    public float* Queried { get; }

    /// <summary>Kt of that, [rows, width].</summary>
    public float* Keyed { get; }

    /// <summary>Whichever of these the outputs are compared with.</summary>
    public float* Query { get; set; }

    /// <summary>What V is applied to, [rows, width].</summary>
    public float* Mixed { get; }

    private readonly long RowCost => (long)_width * (_children + 2) * sizeof(float);

    public readonly float* Output(int child) => _outputs + (child * _block);

    public void Run<TLanes>(MixturePhase phase, IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (MixtureCall* state = &this)
        {
            (_phase, _tasks) = (phase, WorkSplit.Tasks(_rows * RowCost, parallel.Threads));
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(MixtureCall*)state;
        var total = call._rows * call.RowCost;
        var end = WorkSplit.FirstUnit(WorkSplit.Boundary(total, task + 1, call._tasks), 0, call.RowCost, call._rows);
        for (var row = WorkSplit.FirstUnit(WorkSplit.Boundary(total, task, call._tasks), 0, call.RowCost, call._rows); row < end; row++)
        {
            if (call._phase == MixturePhase.Gather)
            {
                call.Gather((nint)row * call._width);
            }
            else
            {
                call.Mix<TLanes>((nint)row * call._width);
            }
        }
    }

    private readonly void Gather(nint at)
    {
        var h = new Span<float>(H + at, _width);
        var source = _input == BottleneckInput.Output ? _y : _x;
        new ReadOnlySpan<float>(source + at, _width).CopyTo(h);
        if (_input == BottleneckInput.Sum)
        {
            for (var i = 0; i < _width; i++)
            {
                h[i] += _y[at + i];
            }
        }

        for (var child = 0; child < _children; child++)
        {
            new Span<float>(Output(child) + at, _width).Clear();
        }
    }

    private readonly void Mix<TLanes>(nint at)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var weights = stackalloc float[MixtureWeights.MaxChildren];
        if (_hasAttention)
        {
            Attend<TLanes>(at, weights);
        }
        else
        {
            for (var child = 0; child < _children; child++)
            {
                weights[child] = _factors[child];
            }
        }

        var target = _hasValue ? Mixed + at : _y + at;
        var carry = _hasValue ? 0 : _carry;
        var i = 0;
        for (; i <= _width - Lanes; i += Lanes)
        {
            var sum = carry == 0 ? TLanes.Zero : TLanes.Multiply(TLanes.Load(target + i), TLanes.Broadcast(carry));
            for (var child = 0; child < _children; child++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(Output(child) + at + i), TLanes.Broadcast(weights[child]), sum);
            }

            TLanes.Store(sum, target + i);
        }

        for (; i < _width; i++)
        {
            var sum = carry == 0 ? 0 : target[i] * carry;
            for (var child = 0; child < _children; child++)
            {
                sum = TLanes.MultiplyAdd(Output(child)[at + i], weights[child], sum);
            }

            target[i] = sum;
        }
    }

    /// <summary>softmax(query . b).</summary>
    private readonly void Attend<TLanes>(nint at, float* weights)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var largest = float.NegativeInfinity;
        for (var child = 0; child < _children; child++)
        {
            weights[child] = Score<TLanes>(Output(child) + at, Query + at);
            largest = MathF.Max(largest, weights[child]);
        }

        var total = 0f;
        for (var child = 0; child < _children; child++)
        {
            weights[child] = MathF.Exp(weights[child] - largest);
            total += weights[child];
        }

        for (var child = 0; child < _children; child++)
        {
            weights[child] /= total;
        }
    }

    private readonly float Score<TLanes>(float* output, float* query)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var sums = TLanes.Zero;
        var i = 0;
        for (; i <= _width - Lanes; i += Lanes)
        {
            sums = TLanes.MultiplyAdd(TLanes.Load(query + i), TLanes.Load(output + i), sums);
        }

        var sum = TLanes.Sum(sums);
        for (; i < _width; i++)
        {
            sum = TLanes.MultiplyAdd(query[i], output[i], sum);
        }

        return sum;
    }
}

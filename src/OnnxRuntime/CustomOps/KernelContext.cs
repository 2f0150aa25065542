using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// <b>Semantics</b>: a node's inputs and outputs in one run; valid until <see cref="CustomOpKernel.Compute"/> returns. <b>Layout</b>: dense, row-major.
/// <b>Effects</b>: no managed allocation. Reading a shape costs about as much as an empty node; pass what is fixed by attribute.
/// <b>Errors</b>: <see cref="OnnxRuntimeException"/> for an index or shape that ONNX Runtime refuses, which a kernel lets pass.
/// </summary>
public readonly unsafe struct KernelContext
{
    private readonly OrtApi _api;
    private readonly void* _context;

    internal KernelContext(OrtApi api, void* context)
    {
        _api = api;
        _context = context;
    }

    public int InputCount
    {
        get
        {
            nuint count;
            _api.Check(_api.KernelContextGetInputCount(_context, &count));
            return (int)count;
        }
    }

    public int OutputCount
    {
        get
        {
            nuint count;
            _api.Check(_api.KernelContextGetOutputCount(_context, &count));
            return (int)count;
        }
    }

    /// <summary>The CUDA stream of an op on the CUDA provider.</summary>
    public void* GpuStream
    {
        get
        {
            void* stream;
            _api.Check(_api.KernelContextGetGpuComputeStream(_context, &stream));
            return stream;
        }
    }

    /// <summary>Whether an optional input is given.</summary>
    public bool HasInput(int index) => Find(index) != null;

    /// <summary>The input's elements; null for an optional one that is not given.</summary>
    public void* InputData(int index)
    {
        var value = Find(index);
        return value == null ? null : DataOf(value);
    }

    /// <summary>Writes the dimensions and returns their count. Dimensions beyond the span's length are an <see cref="ArgumentException"/>.</summary>
    public int InputShape(int index, Span<long> dimensions)
    {
        void* info;
        _api.Check(_api.GetTensorTypeAndShape(Given(index), &info));
        nuint rank;
        var status = _api.GetDimensionsCount(info, &rank);
        if (status == null && (int)rank <= dimensions.Length)
        {
            fixed (long* target = dimensions)
            {
                status = _api.GetDimensions(info, target, rank);
            }
        }

        _api.ReleaseTensorTypeAndShapeInfo(info);
        _api.Check(status);
        return (int)rank <= dimensions.Length
            ? (int)rank
            : throw new ArgumentException($"Input {index} has {rank} dimensions, more than {dimensions.Length}.");
    }

    public ElementType InputType(int index)
    {
        void* info;
        _api.Check(_api.GetTensorTypeAndShape(Given(index), &info));
        int type;
        var status = _api.GetTensorElementType(info, &type);
        _api.ReleaseTensorTypeAndShapeInfo(info);
        _api.Check(status);
        return (ElementType)type;
    }

    /// <summary>Cheaper than the shape.</summary>
    public long InputBytes(int index)
    {
        nuint bytes;
        _api.Check(_api.GetTensorSizeInBytes(Given(index), &bytes));
        return (long)bytes;
    }

    /// <summary>Makes the output with this shape and returns its elements, undefined unless in place; null for an optional one that nobody uses.</summary>
    public void* Output(int index, ReadOnlySpan<long> shape)
    {
        void* value;
        fixed (long* dimensions = shape)
        {
            _api.Check(_api.KernelContextGetOutput(_context, (nuint)index, dimensions, (nuint)shape.Length, &value));
        }

        return value == null ? null : DataOf(value);
    }

    /// <summary>
    /// <b>Semantics</b>: <c>body(state, i)</c> once for each i in [0, tasks), on the session's intra-op threads and this one; returns when all have run.
    /// <b>Effects</b>: no managed allocation; threads take tasks one at a time as they get free. <b>Errors</b>: the first exception is rethrown here; other tasks
    /// that have not begun by then may be left out.
    /// </summary>
    public void ParallelFor(int tasks, delegate*<void*, int, void> body, void* state)
    {
        if (tasks <= 1)
        {
            if (tasks == 1)
            {
                body(state, 0);
            }

            return;
        }

        Exception? error = null;
#pragma warning disable CS8500 // See ParallelCall.Error.
        var call = new ParallelCall { Body = body, State = state, Error = &error };
#pragma warning restore CS8500
        _api.Check(_api.KernelContextParallelFor(_context, &RunTask, (nuint)tasks, (nuint)tasks, &call));
        if (error is not null)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void RunTask(void* argument, nuint index)
    {
        var call = (ParallelCall*)argument;
        if (Volatile.Read(ref *call->Error) is not null)
        {
            return;
        }

        try
        {
            call->Body(call->State, (int)index);
        }
#pragma warning disable CA1031 // An exception that leaves this callback ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref *call->Error, e, null);
        }
    }

    private void* Find(int index)
    {
        void* value;
        _api.Check(_api.KernelContextGetInput(_context, (nuint)index, &value));
        return value;
    }

    private void* Given(int index)
    {
        var value = Find(index);
        return value != null ? value : throw new ArgumentException($"Input {index} is not given.");
    }

    private void* DataOf(void* value)
    {
        void* data;
        _api.Check(_api.GetTensorMutableData(value, &data));
        return data;
    }

    private struct ParallelCall
    {
        public delegate*<void*, int, void> Body;
        public void* State;
#pragma warning disable CS8500 // A local of the frame that waits for the tasks: it does not move, and the collector knows it.
        public Exception?* Error;
#pragma warning restore CS8500
    }
}

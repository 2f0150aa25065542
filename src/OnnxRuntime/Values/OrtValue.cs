using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.OnnxRuntime.Values;

/// <summary>
/// <b>Semantics</b>: a tensor, either over memory of the caller's (<see cref="CreateTensor"/>, which never copies; the memory must live, unmoved, until this
/// value and every session that was given it are disposed) or allocated by ONNX Runtime. <b>Layout</b>: dense, row-major.
/// <b>Errors</b>: <see cref="ArgumentException"/> for a shape that doesn't fit the memory, <see cref="OnnxRuntimeException"/> for what ONNX Runtime refuses.
/// </summary>
public sealed unsafe class OrtValue : IDisposable
{
    private readonly OrtApi _api;

    internal OrtValue(OrtApi api, void* value, params ReadOnlySpan<NativeHandle> owners)
    {
        _api = api;
        Handle = new NativeHandle(value, api.ReleaseValue, owners);
    }

    internal NativeHandle Handle { get; }

    public void* Data
    {
        get
        {
            void* data;
            _api.Check(_api.GetTensorMutableData(Handle.Pointer, &data));
            GC.KeepAlive(this);
            return data;
        }
    }

    public ElementType ElementType => Describe().Type;

    public long[] Shape => Describe().Shape;

    public static OrtValue CreateTensor(OrtMemoryInfo memory, void* data, long bytes, ReadOnlySpan<long> shape, ElementType type)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var value = CreateRaw(memory.Api, memory.Handle.Pointer, data, bytes, shape, type);
        return new OrtValue(memory.Api, value, memory.Handle);
    }

    /// <summary>A tensor whose memory ONNX Runtime allocates on the host and frees with the value; its content is undefined.</summary>
    public static OrtValue Allocate(OrtEnvironment environment, ReadOnlySpan<long> shape, ElementType type)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _ = TensorSize.Bytes(type, shape);
        var api = environment.Api;
        void* allocator;
        api.Check(api.GetAllocatorWithDefaultOptions(&allocator));
        void* value;
        fixed (long* dimensions = shape)
        {
            api.Check(api.CreateTensorAsOrtValue(allocator, dimensions, (nuint)shape.Length, (int)type, &value));
        }

        return new OrtValue(api, value, environment.Handle);
    }

    /// <summary>The elements as a span. It must not be used after the value is disposed. T's size must be the element type's.</summary>
    public Span<T> AsSpan<T>()
        where T : unmanaged
    {
        var (type, shape) = Describe();
        var bytes = TensorSize.Bytes(type, shape);
        if (bytes != TensorSize.Elements(shape) * sizeof(T))
        {
            throw new ArgumentException($"A tensor of {type} can't be seen as elements of {sizeof(T)} bytes.");
        }

        return new Span<T>(Data, checked((int)(bytes / sizeof(T))));
    }

    public void Dispose() => Handle.Dispose();

    internal static void* CreateRaw(OrtApi api, void* memory, void* data, long bytes, ReadOnlySpan<long> shape, ElementType type)
    {
        var needed = TensorSize.Bytes(type, shape);
        if (bytes < needed || (data == null && needed > 0))
        {
            throw new ArgumentException($"A {type} tensor of {needed} bytes does not fit a buffer of {(data == null ? 0 : bytes)} bytes.", nameof(bytes));
        }

        // ONNX Runtime refuses a null pointer even for an empty tensor.
        byte empty;
        void* value;
        fixed (long* dimensions = shape)
        {
            var buffer = data == null ? &empty : data;
            api.Check(api.CreateTensorWithDataAsOrtValue(memory, buffer, (nuint)needed, dimensions, (nuint)shape.Length, (int)type, &value));
        }

        return value;
    }

    private (ElementType Type, long[] Shape) Describe()
    {
        void* info;
        _api.Check(_api.GetTensorTypeAndShape(Handle.Pointer, &info));
        try
        {
            int type;
            nuint rank;
            _api.Check(_api.GetTensorElementType(info, &type));
            _api.Check(_api.GetDimensionsCount(info, &rank));
            var shape = new long[rank];
            fixed (long* dimensions = shape)
            {
                _api.Check(_api.GetDimensions(info, dimensions, rank));
            }

            return ((ElementType)type, shape);
        }
        finally
        {
            _api.ReleaseTensorTypeAndShapeInfo(info);
            GC.KeepAlive(this);
        }
    }
}

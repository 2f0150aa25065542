using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime.Values;

/// <summary>
/// <b>Semantics</b>: a named input or output whose shape changes from run to run over one buffer. <see cref="Resize"/> gives the tensor a new shape at the
/// buffer's start, then <see cref="BindAsInput"/> or <see cref="BindAsOutput"/> makes a binding use it.
/// <b>Layout</b>: the buffer is dense and row-major; one that the slot owns starts zeroed, on a 64-byte boundary.
/// <b>Effects</b>: no managed allocation after construction. For one thread at a time. <b>Errors</b>: <see cref="ArgumentException"/> when a shape exceeds the
/// capacity, <see cref="InvalidOperationException"/> when bound before the first <see cref="Resize"/>.
/// </summary>
public sealed unsafe class TensorSlot : IDisposable
{
    private const int Alignment = 64;

    private readonly OrtApi _api;
    private readonly NativeHandle _memory;
    private readonly NativeHandle _name;
    private readonly NativeHandle? _buffer;
    private readonly NativeHandle _value;

    /// <summary>A slot with a buffer of its own.</summary>
    public TensorSlot(OrtMemoryInfo hostMemory, string name, ElementType type, long capacityBytes)
        : this(hostMemory, name, type, AllocateBuffer(capacityBytes), capacityBytes)
    {
    }

    private TensorSlot(OrtMemoryInfo memory, string name, ElementType type, NativeHandle? buffer, long capacityBytes)
    {
        ArgumentNullException.ThrowIfNull(memory);
        _api = memory.Api;
        _memory = memory.Handle;
        _name = new NativeHandle(NativeText.Allocate(name), &Free);
        _buffer = buffer;
        _value = buffer is null
            ? new NativeHandle(null, _api.ReleaseValue, _memory, _name)
            : new NativeHandle(null, _api.ReleaseValue, _memory, _name, buffer);
        Name = name;
        Type = type;
        CapacityBytes = capacityBytes;
        Data = buffer is null ? null : buffer.Pointer;
    }

    public string Name { get; }

    public ElementType Type { get; }

    public long CapacityBytes { get; private set; }

    /// <summary>The buffer's start. Owned memory dies with the slot.</summary>
    public void* Data { get; private set; }

    /// <summary>A slot over memory of the caller's, which must live until the slot and the bindings that use it are disposed. <see cref="Attach"/> moves it elsewhere.</summary>
    public static TensorSlot Over(OrtMemoryInfo memory, string name, ElementType type, void* data, long capacityBytes)
    {
        var slot = new TensorSlot(memory, name, type, null, 0);
        slot.Attach(data, capacityBytes);
        return slot;
    }

    /// <summary>Points a slot over the caller's memory at other memory; <see cref="Resize"/> and binding must follow.</summary>
    public void Attach(void* data, long capacityBytes)
    {
        if (_buffer is not null)
        {
            throw new InvalidOperationException($"The tensor '{Name}' owns its buffer.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(capacityBytes);
        _value.Replace(null);
        Data = data;
        CapacityBytes = data == null ? 0 : capacityBytes;
    }

    public void Resize(ReadOnlySpan<long> shape)
    {
        _value.Replace(OrtValue.CreateRaw(_api, _memory.Pointer, Data, CapacityBytes, shape, Type));
        GC.KeepAlive(this);
    }

    public void BindAsInput(OrtIoBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        binding.BindInput((byte*)_name.Pointer, Value());
        GC.KeepAlive(this);
    }

    public void BindAsOutput(OrtIoBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        binding.BindOutput((byte*)_name.Pointer, Value());
        GC.KeepAlive(this);
    }

    /// <summary>The buffer's first elements. The span must not be used after the slot is disposed or attached elsewhere.</summary>
    public Span<T> AsSpan<T>(int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CapacityBytes / sizeof(T));
        _ = _value.Pointer;
        return new Span<T>(Data, count);
    }

    public void Dispose()
    {
        _value.Dispose();
        _name.Dispose();
        _buffer?.Dispose();
    }

    private static NativeHandle AllocateBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var size = checked((nuint)bytes + Alignment);
        var data = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(data, size);
        return new NativeHandle(data, &FreeAligned);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Free(void* memory) => NativeMemory.Free(memory);

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void FreeAligned(void* memory) => NativeMemory.AlignedFree(memory);

    private void* Value()
    {
        var value = _value.Pointer;
        return value != null ? value : throw new InvalidOperationException($"The tensor '{Name}' was bound before it had a shape.");
    }
}

using System.Collections.Frozen;
using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>Tensors in a mapped file, some of them laid out anew in memory. Owns the mapping.</summary>
internal abstract class MappedTensors(MappedFile mapped, IReadOnlyCollection<(SafetensorsTensor Tensor, TensorPlace Place)> tensors) : ITensorSource
{
    private readonly FrozenDictionary<string, TensorPlace> _places = tensors.ToFrozenDictionary(entry => entry.Tensor.Name, entry => entry.Place, StringComparer.Ordinal);

    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; } =
        tensors.ToFrozenDictionary(entry => entry.Tensor.Name, entry => entry.Tensor, StringComparer.Ordinal);

    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor)
    {
        if (tensor.Bytes > int.MaxValue)
        {
            throw new ArgumentException($"The tensor '{tensor.Name}' has {tensor.Bytes} bytes, more than one span holds.", nameof(tensor));
        }

        var place = _places[tensor.Name];
        var from = place.Offset + tensor.Start;
        return place.Array is null ? mapped.Slice(from, (int)tensor.Bytes) : place.Array.AsSpan((int)from, (int)tensor.Bytes);
    }

    public ReadOnlySpan<T> Elements<T>(SafetensorsTensor tensor)
        where T : unmanaged
    {
        if (Marshal.SizeOf<T>() != SafetensorsTypes.Bytes(tensor.DType))
        {
            throw new ArgumentException($"The tensor '{tensor.Name}' is {tensor.DType}, not {typeof(T).Name}.", nameof(tensor));
        }

        return MemoryMarshal.Cast<byte, T>(Bytes(tensor));
    }

    public void CopyToF32(SafetensorsTensor tensor, Span<float> destination)
    {
        if (destination.Length != tensor.Elements)
        {
            throw new ArgumentException($"CopyToF32 of '{tensor.Name}': destination: expected {tensor.Elements} elements, got {destination.Length}.", nameof(destination));
        }

        if (tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16 or SafetensorsType.F64))
        {
            throw SafetensorsErrors.NotFloat(tensor);
        }

        FloatConversion.ToF32(tensor.DType, Bytes(tensor), destination);
    }

    public void Dispose() => mapped.Dispose();
}

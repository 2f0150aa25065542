using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped and checked in full when it is opened: no later access can leave the file.
/// <b>Layout</b>: u64 header length, JSON header, data; tensors tile the data without overlap, gap or rest.
/// <b>Effects</b>: spans are valid until <see cref="Dispose"/>; reading is free for any thread.
/// <b>Errors</b>: <see cref="AdapterStoreException"/> of kind <see cref="AdapterErrorKind.Malformed"/>, code <c>safetensors_…</c>, one for each way to be wrong;
/// <see cref="IOException"/> and its kin where the file can't be read.
/// <b>Source</b>: the format's public description, huggingface/safetensors README.
/// </summary>
public sealed class SafetensorsFile : ITensorSource
{
    private const long MaxHeaderBytes = 100_000_000;

    private SafetensorsFile(MappedFile mapped, Dictionary<string, SafetensorsTensor> tensors, Dictionary<string, string> metadata)
    {
        Mapped = mapped;
        Tensors = tensors.ToFrozenDictionary(StringComparer.Ordinal);
        Metadata = metadata.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The mapping that the tensors lie in; owned by this object.</summary>
    public MappedFile Mapped { get; }

    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; }

    public FrozenDictionary<string, string> Metadata { get; }

    public static SafetensorsFile Open(string path)
    {
        var mapped = MappedFile.Open(path);
        try
        {
            return Read(mapped);
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    /// <summary>The bytes as they are. <b>Errors</b>: <see cref="ArgumentException"/> for a tensor of 2 GiB or more, read such by <see cref="CopyToF32(SafetensorsTensor, long, Span{float})"/>.</summary>
    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor)
    {
        if (tensor.Bytes > int.MaxValue)
        {
            throw new ArgumentException($"The tensor '{tensor.Name}' has {tensor.Bytes} bytes, more than one span holds.", nameof(tensor));
        }

        return Mapped.Slice(tensor.Offset, (int)tensor.Bytes);
    }

    /// <summary>The elements as they are; the address may be unaligned. <b>Errors</b>: <see cref="ArgumentException"/> when T has another size than the elements.</summary>
    public ReadOnlySpan<T> Elements<T>(SafetensorsTensor tensor)
        where T : unmanaged
    {
        if (Marshal.SizeOf<T>() != SafetensorsTypes.Bytes(tensor.DType))
        {
            throw new ArgumentException($"The tensor '{tensor.Name}' is {tensor.DType}, not {typeof(T).Name}.", nameof(tensor));
        }

        return MemoryMarshal.Cast<byte, T>(Bytes(tensor));
    }

    /// <summary>All elements as f32. <b>Shapes</b>: the destination has exactly the tensor's elements. See the other overload.</summary>
    public void CopyToF32(SafetensorsTensor tensor, Span<float> destination)
    {
        if (destination.Length != tensor.Elements)
        {
            throw new ArgumentException($"CopyToF32 of '{tensor.Name}': destination: expected {tensor.Elements} elements, got {destination.Length}.", nameof(destination));
        }

        CopyToF32(tensor, 0, destination);
    }

    /// <summary>
    /// <b>Semantics</b>: destination[i] = f32(tensor[first + i]); exact from f32, bf16 and f16, rounded to nearest even from f64.
    /// <b>Errors</b>: code <c>safetensors_not_float</c> for other types.
    /// </summary>
    public void CopyToF32(SafetensorsTensor tensor, long first, Span<float> destination)
    {
        if (tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16 or SafetensorsType.F64))
        {
            throw SafetensorsErrors.NotFloat(tensor);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.Elements - first, nameof(destination));
        const int chunk = 1 << 20;
        var size = SafetensorsTypes.Bytes(tensor.DType);
        for (var done = 0; done < destination.Length; done += chunk)
        {
            var count = Math.Min(chunk, destination.Length - done);
            var source = Mapped.Slice(tensor.Offset + ((first + done) * size), count * size);
            FloatConversion.ToF32(tensor.DType, source, destination.Slice(done, count));
        }
    }

    /// <summary>Says that a tensor won't be read again soon, see <see cref="MappedFile.Release"/>.</summary>
    public void Release(SafetensorsTensor tensor) => Mapped.Release(tensor.Offset, tensor.Bytes);

    /// <summary>The same of the elements [first, first + count).</summary>
    public void Release(SafetensorsTensor tensor, long first, long count)
    {
        var size = SafetensorsTypes.Bytes(tensor.DType);
        Mapped.Release(tensor.Offset + (first * size), count * size);
    }

    public void Dispose() => Mapped.Dispose();

    private static SafetensorsFile Read(MappedFile mapped)
    {
        if (mapped.Length < 8)
        {
            throw SafetensorsErrors.TooShort(mapped.Length);
        }

        var header = BinaryPrimitives.ReadUInt64LittleEndian(mapped.Slice(0, 8));
        if (header > MaxHeaderBytes)
        {
            throw SafetensorsErrors.HeaderTooLong(header, MaxHeaderBytes);
        }

        if (header > (ulong)(mapped.Length - 8))
        {
            throw SafetensorsErrors.HeaderBeyondFile(header, mapped.Length);
        }

        var dataStart = 8 + (long)header;
        var (tensors, metadata) = SafetensorsHeader.Parse(mapped.Slice(8, (int)header), dataStart, mapped.Length - dataStart);
        return new SafetensorsFile(mapped, tensors, metadata);
    }
}

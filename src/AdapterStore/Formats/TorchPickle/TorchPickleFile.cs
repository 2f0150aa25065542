using System.Collections.Frozen;
using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// A file of torch.save, read without running anything: tensors, dictionaries, lists, tuples, numbers, strings, booleans and None.
/// <b>Semantics</b>: <see cref="Root"/> is the value that was saved; <see cref="Tensors"/> has its tensors by their keys, those of inner dictionaries joined by <c>/</c>.
/// <b>Layout</b>: zip (torch from 1.6) or legacy. A contiguous little-endian tensor of a stored entry is read where it lies in the mapped file; others are laid out
/// in memory when the file is opened.
/// <b>Effects</b>: spans are valid until <see cref="Dispose"/>; reading is free for any thread. Memory is bounded by the file's size (see <see cref="BudgetOf"/>).
/// <b>Errors</b>: <see cref="AdapterStoreException"/>: Malformed <c>pickle_…</c>, one for each way to be wrong; TooLarge <c>pickle_too_large</c>;
/// <see cref="IOException"/> and its kin where the file can't be read.
/// <b>Source</b>: torch.save's public description and Python's pickle module.
/// </summary>
internal sealed class TorchPickleFile : ITensorSource
{
    public const int MaxPickleBytes = 256 << 20;
    private const long FixedBudgetBytes = 32 << 20;
    private const long MaxBudgetBytes = 1L << 30;
    private const int PickleFactor = 24;
    private const int DataFactor = 4;

    private readonly MappedFile _mapped;
    private readonly FrozenDictionary<string, StorageBytes> _places;

    private TorchPickleFile(MappedFile mapped, PickleValue root, IStorageSource storages, Dictionary<string, PickleTensor> tensors, PickleBudget budget)
    {
        _mapped = mapped;
        Root = root;
        var layout = new TensorLayout(mapped, storages, budget);
        var known = new Dictionary<string, SafetensorsTensor>(StringComparer.Ordinal);
        var places = new Dictionary<string, StorageBytes>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            var place = layout.Place(tensor);
            var described = new SafetensorsTensor(name, tensor.Storage.DType, tensor.Shape, place.Offset, place.Length);
            known.Add(name, described);
            places.Add(name, place);
            tensor.Placed ??= described;
        }

        Tensors = known.ToFrozenDictionary(StringComparer.Ordinal);
        _places = places.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The value that was saved.</summary>
    public PickleValue Root { get; }

    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; }

    public static TorchPickleFile Open(string path)
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

    /// <summary>What the values of a pickle may take: weights of thousands of tensors need about 8 bytes a byte, long lists of numbers 16.</summary>
    public static PickleBudget BudgetOf(long fileBytes) => new(FixedBudgetBytes + Math.Min(MaxBudgetBytes, fileBytes * PickleFactor));

    /// <summary>What strided, compressed and big-endian tensors may take, which can't stay in the file.</summary>
    public static PickleBudget DataBudgetOf(long fileBytes) => new(FixedBudgetBytes + (fileBytes * DataFactor));

    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor)
    {
        if (tensor.Bytes > int.MaxValue)
        {
            throw new ArgumentException($"The tensor '{tensor.Name}' has {tensor.Bytes} bytes, more than one span holds.", nameof(tensor));
        }

        var place = _places[tensor.Name];
        return place.Array is null ? _mapped.Slice(place.Offset, (int)place.Length) : place.Array.AsSpan((int)place.Offset, (int)place.Length);
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

    public void Dispose() => _mapped.Dispose();

    private static TorchPickleFile Read(MappedFile mapped)
    {
        if (mapped.Length < 4)
        {
            throw PickleErrors.Layout();
        }

        var values = BudgetOf(mapped.Length);
        var data = DataBudgetOf(mapped.Length);
        var isZip = mapped.Slice(0, 4).SequenceEqual("PK\x03\x04"u8);
        if (!isZip && mapped.Slice(0, 1)[0] != PickleOpcode.Proto)
        {
            throw PickleErrors.Layout();
        }

        var (storages, root) = isZip ? ZipLayout.Read(mapped, values, data) : LegacyLayout.Read(mapped, values);
        return new TorchPickleFile(mapped, root, storages, PickleTree.TensorsOf(root, values), data);
    }
}

using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// A file of torch.save, read without running anything: tensors, dictionaries, lists, tuples, numbers, strings, booleans and None.
/// <b>Semantics</b>: <see cref="Root"/> is the value that was saved; <see cref="MappedTensors.Tensors"/> has its tensors by their keys, those of inner dictionaries joined by <c>/</c>.
/// <b>Layout</b>: zip (torch from 1.6) or legacy. A contiguous little-endian tensor of a stored entry is read where it lies in the mapped file; others are laid out
/// in memory when the file is opened.
/// <b>Effects</b>: spans are valid until <see cref="MappedTensors.Dispose"/>; reading is free for any thread. Memory is bounded by the file's size (see <see cref="BudgetOf"/>).
/// <b>Errors</b>: <see cref="AdapterStoreException"/>: Malformed <c>pickle_…</c>, one for each way to be wrong; TooLarge <c>pickle_too_large</c>;
/// <see cref="IOException"/> and its kin where the file can't be read.
/// <b>Source</b>: torch.save's public description and Python's pickle module.
/// </summary>
internal sealed class TorchPickleFile : MappedTensors
{
    public const int MaxPickleBytes = 256 << 20;
    private const long FixedBudgetBytes = 32 << 20;
    private const long MaxBudgetBytes = 1L << 30;
    private const int PickleFactor = 24;
    private const int DataFactor = 4;

    private TorchPickleFile(MappedFile mapped, PickleValue root, IReadOnlyCollection<(SafetensorsTensor Tensor, TensorPlace Place)> tensors)
        : base(mapped, tensors)
    {
        Root = root;
    }

    /// <summary>The value that was saved.</summary>
    public PickleValue Root { get; }

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
        var layout = new TensorLayout(mapped, storages, data);
        var tensors = new List<(SafetensorsTensor Tensor, TensorPlace Place)>();
        foreach (var (name, tensor) in PickleTree.TensorsOf(root, values))
        {
            var place = layout.Place(tensor);
            var described = new SafetensorsTensor(name, tensor.Storage.DType, tensor.Shape, place.Offset, place.Length);
            tensors.Add((described, place));
            tensor.Placed ??= described;
        }

        return new TorchPickleFile(mapped, root, tensors);
    }
}

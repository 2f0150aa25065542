using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// A file's tensors, taken one by one as the configuration asks for them, until none is left.
/// <b>Errors</b>: Unservable <c>missing_tensors</c>, <c>unknown_tensor</c>, <c>dtype</c>, <c>shape_mismatch</c>, <c>copies_differ</c>.
/// </summary>
internal sealed class HubTensors
{
    private const string Root = "model.";

    /// <summary>Names of the library's first versions.</summary>
    private static readonly (string Old, string New)[] s_renamed =
    [
        ("attention_text_task_adapters", "adapters"), ("attention_text_lang_adapters", "adapters"), ("layer_text_task_adapters", "adapters"),
        ("layer_text_lang_adapters", "adapters"), ("invertible_lang_adapters", "invertible_adapters"),
    ];

    private readonly ITensorSource _file;
    private readonly Dictionary<string, SafetensorsTensor> _left = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsTensor> _shared = new(StringComparer.Ordinal);

    private HubTensors(ITensorSource file, string prefix)
    {
        _file = file;
        foreach (var tensor in file.Tensors.Values)
        {
            if (!_left.TryAdd(prefix + CurrentName(tensor.Name), tensor))
            {
                throw Unknown(tensor);
            }
        }
    }

    /// <summary>Of an adapter, with names as in a model that has a head: one without is saved without their first part.</summary>
    public static HubTensors OfAdapter(ITensorSource file) =>
        new(file, file.Tensors.Keys.Any(name => name.StartsWith(Root, StringComparison.Ordinal)) ? string.Empty : Root);

    public static HubTensors OfHead(ITensorSource file) => new(file, string.Empty);

    public bool Has(string name) => _left.ContainsKey(name);

    /// <summary><b>Shapes</b>: -1 is any size.</summary>
    public SafetensorsTensor Take(string name, params ReadOnlySpan<long> shape) => _left.Remove(name, out var tensor)
        ? TensorChecks.Float(tensor, shape)
        : throw StoreErrors.Unservable("missing_tensors", $"The configuration asks for the tensor '{AdapterNames.Shorten(name)}', which the file lacks.");

    /// <summary>As <see cref="Take"/>, for a tensor that several modules use.</summary>
    public SafetensorsTensor TakeShared(string name, params ReadOnlySpan<long> shape)
    {
        if (!_shared.TryGetValue(name, out var tensor))
        {
            _shared.Add(name, tensor = Take(name, shape));
        }

        return TensorChecks.Float(tensor, shape);
    }

    /// <summary>Takes a second name of a tensor, if the file has it.</summary>
    public void TakeCopy(string name, SafetensorsTensor original)
    {
        if (!_left.Remove(name, out var copy))
        {
            return;
        }

        if (copy.DType != original.DType || copy.Bytes != original.Bytes || !_file.Bytes(copy).SequenceEqual(_file.Bytes(original)))
        {
            throw StoreErrors.Unservable("copies_differ", $"The file holds '{AdapterNames.Shorten(name)}' and '{AdapterNames.Shorten(original.Name)}', which must be the same and differ.");
        }
    }

    public void RequireNoneLeft()
    {
        if (_left.Values.MinBy(tensor => tensor.Name, StringComparer.Ordinal) is { } surplus)
        {
            throw Unknown(surplus);
        }
    }

    private static string CurrentName(string name) => s_renamed.Aggregate(name, (renamed, entry) => renamed.Replace(entry.Old, entry.New, StringComparison.Ordinal));

    private static AdapterStoreException Unknown(SafetensorsTensor tensor) => StoreErrors.Unservable(
        "unknown_tensor", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one that this configuration asks for on this base.");
}

using System.Collections.Frozen;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>Two files of one adapter as one source. Owns both. <b>Errors</b>: Unservable <c>copies_differ</c> for a name that both have.</summary>
internal sealed class JoinedTensors(ITensorSource first, ITensorSource second) : ITensorSource
{
    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; } = Join(first, second);

    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor) => SourceOf(tensor).Bytes(tensor);

    public ReadOnlySpan<T> Elements<T>(SafetensorsTensor tensor)
        where T : unmanaged => SourceOf(tensor).Elements<T>(tensor);

    public void CopyToF32(SafetensorsTensor tensor, Span<float> destination) => SourceOf(tensor).CopyToF32(tensor, destination);

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    private ITensorSource SourceOf(SafetensorsTensor tensor) => first.Tensors.ContainsKey(tensor.Name) ? first : second;

    private static FrozenDictionary<string, SafetensorsTensor> Join(ITensorSource first, ITensorSource second) =>
        first.Tensors.Keys.FirstOrDefault(second.Tensors.ContainsKey) is { } name
            ? throw StoreErrors.Unservable("copies_differ", $"Both files of the upload hold '{AdapterNames.Shorten(name)}'; save the adapter again.")
            : first.Tensors.Concat(second.Tensors).ToFrozenDictionary(StringComparer.Ordinal);
}

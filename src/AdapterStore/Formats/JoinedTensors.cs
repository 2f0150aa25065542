using System.Collections.Frozen;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>The tensors of two files as if of one; of a name that both have the first one's. Owns both.</summary>
internal sealed class JoinedTensors(ITensorSource first, ITensorSource second) : ITensorSource
{
    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; } =
        second.Tensors.Where(entry => !first.Tensors.ContainsKey(entry.Key)).Concat(first.Tensors).ToFrozenDictionary(StringComparer.Ordinal);

    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor) => Of(tensor).Bytes(tensor);

    public ReadOnlySpan<T> Elements<T>(SafetensorsTensor tensor)
        where T : unmanaged => Of(tensor).Elements<T>(tensor);

    public void CopyToF32(SafetensorsTensor tensor, Span<float> destination) => Of(tensor).CopyToF32(tensor, destination);

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    private ITensorSource Of(SafetensorsTensor tensor) => first.Tensors.ContainsKey(tensor.Name) ? first : second;
}

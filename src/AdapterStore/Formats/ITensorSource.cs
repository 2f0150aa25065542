using System.Collections.Frozen;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// The named tensors of one open file, whatever its format: readers place them, lowering reads their values.
/// <b>Layout</b>: row-major, little-endian, addresses possibly unaligned.
/// <b>Effects</b>: spans are valid until the source is disposed of; reading is free for any thread.
/// </summary>
internal interface ITensorSource : IDisposable
{
    FrozenDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>The bytes as they are. <b>Errors</b>: <see cref="ArgumentException"/> for a tensor of 2 GiB or more.</summary>
    ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor);

    /// <summary>The elements as they are. <b>Errors</b>: <see cref="ArgumentException"/> when T has another size than the elements.</summary>
    ReadOnlySpan<T> Elements<T>(SafetensorsTensor tensor)
        where T : unmanaged;

    /// <summary>All elements as f32. <b>Shapes</b>: the destination has exactly the tensor's elements. <b>Errors</b>: code <c>safetensors_not_float</c>.</summary>
    void CopyToF32(SafetensorsTensor tensor, Span<float> destination);
}

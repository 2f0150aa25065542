using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// Finds a tensor's values as one row-major little-endian run: where they lie, or copied so from strided or big-endian storages.
/// <b>Errors</b>: <c>pickle_storage</c>, TooLarge.
/// </summary>
internal sealed class TensorLayout(MappedFile file, IStorageSource storages, PickleBudget budget)
{
    public StorageBytes Place(PickleTensor tensor)
    {
        var storage = storages.Find(tensor.Storage);
        var size = SafetensorsTypes.Bytes(tensor.Storage.DType);
        var bytes = tensor.RequireElements() * size;
        if (tensor.IsContiguous() && (size == 1 || !storages.IsBigEndian))
        {
            return storage with { Offset = storage.Offset + (tensor.Offset * size), Length = bytes };
        }

        if (bytes > Array.MaxLength)
        {
            throw PickleErrors.TooLarge();
        }

        budget.Take(bytes);
        var copy = new byte[bytes];
        Copy(tensor, storage, size, copy);
        return new StorageBytes(copy, 0, bytes);
    }

    /// <summary>Element by element with an index that counts up like an odometer.</summary>
    private void Copy(PickleTensor tensor, StorageBytes storage, int size, Span<byte> destination)
    {
        var index = new long[tensor.Shape.Length];
        var at = tensor.Offset;
        for (var written = 0; written < destination.Length; written += size)
        {
            var element = destination.Slice(written, size);
            Element(storage, at, size).CopyTo(element);
            if (storages.IsBigEndian)
            {
                element.Reverse();
            }

            for (var i = index.Length - 1; i >= 0; i--)
            {
                at += tensor.Strides[i];
                if (++index[i] < tensor.Shape[i])
                {
                    break;
                }

                at -= tensor.Strides[i] * index[i];
                index[i] = 0;
            }
        }
    }

    private ReadOnlySpan<byte> Element(StorageBytes storage, long at, int size) =>
        storage.Array is null ? file.Slice(storage.Offset + (at * size), size) : storage.Array.AsSpan((int)(storage.Offset + (at * size)), size);
}

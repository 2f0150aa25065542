using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// A tensor as the pickle describes it: a view of a storage. Once the storages are known, <see cref="Placed"/> says where its values are.
/// </summary>
internal sealed class PickleTensor(PickleStorage storage, long offset, ImmutableArray<long> shape, ImmutableArray<long> strides)
{
    public PickleStorage Storage { get; } = storage;

    /// <summary>First element, in elements from the storage's start.</summary>
    public long Offset { get; } = offset;

    public ImmutableArray<long> Shape { get; } = shape;

    /// <summary>In elements; zero and overlapping ones are sound, negative ones don't exist in torch.</summary>
    public ImmutableArray<long> Strides { get; } = strides;

    /// <summary>The entry of <see cref="TorchPickleFile.Tensors"/>; of a tensor that stands in several places, the first.</summary>
    public SafetensorsTensor? Placed { get; set; }

    /// <summary><b>Errors</b>: <c>pickle_tensor</c> when the product or the reach does not fit the storage.</summary>
    public long RequireElements()
    {
        var elements = 1L;
        Int128 last = Offset;
        for (var i = 0; i < Shape.Length; i++)
        {
            if (Shape[i] < 0 || Strides[i] < 0)
            {
                throw PickleErrors.Tensor();
            }

            elements = Shape[i] == 0 || elements <= long.MaxValue / 16 / Shape[i] ? elements * Shape[i] : throw PickleErrors.Tensor();
            last += (Int128)Math.Max(Shape[i] - 1, 0) * Strides[i];
        }

        return Offset >= 0 && (elements == 0 ? Offset <= Storage.Elements : last < Storage.Elements) ? elements : throw PickleErrors.Tensor();
    }

    public bool IsContiguous()
    {
        var expected = 1L;
        for (var i = Shape.Length - 1; i >= 0; i--)
        {
            if (Shape[i] != 1 && Strides[i] != expected)
            {
                return Shape.Contains(0);
            }

            expected *= Shape[i];
        }

        return true;
    }
}

/// <summary>A reference to a storage: its name in the file, element type and count.</summary>
internal sealed record PickleStorage(string Key, SafetensorsType DType, long Elements)
{
    public long Bytes => Elements * SafetensorsTypes.Bytes(DType);
}

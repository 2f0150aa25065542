using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>Type and shape of a tensor, before anything is computed with it. <b>Shapes</b>: -1 is any size, sizes of zero fit only where they are asked for.</summary>
internal static class TensorChecks
{
    public static SafetensorsTensor Float(SafetensorsTensor tensor, ReadOnlySpan<long> shape)
    {
        if (!SafetensorsTypes.IsFloat(tensor.DType))
        {
            throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; adapters are served from f32, bf16 and f16.");
        }

        return Shape(tensor, shape);
    }

    public static SafetensorsTensor Integer(SafetensorsTensor tensor, ReadOnlySpan<long> shape)
    {
        if (tensor.DType is not (SafetensorsType.U8 or SafetensorsType.I16 or SafetensorsType.I32 or SafetensorsType.I64))
        {
            throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; indices are u8, i16, i32 or i64.");
        }

        return Shape(tensor, shape);
    }

    public static SafetensorsTensor Bytes(SafetensorsTensor tensor, ReadOnlySpan<long> shape) => tensor.DType == SafetensorsType.U8
        ? Shape(tensor, shape)
        : throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; it must be u8.");

    private static SafetensorsTensor Shape(SafetensorsTensor tensor, ReadOnlySpan<long> shape)
    {
        var fits = tensor.Shape.Length == shape.Length;
        for (var i = 0; fits && i < shape.Length; i++)
        {
            fits = shape[i] == -1 ? tensor.Shape[i] is > 0 and <= int.MaxValue : tensor.Shape[i] == shape[i];
        }

        return fits ? tensor : throw StoreErrors.Unservable(
            "shape_mismatch",
            $"The tensor '{AdapterNames.Shorten(tensor.Name)}' has shape [{string.Join(", ", tensor.Shape)}]; on this base it must be [{string.Join(", ", shape.ToArray().Select(size => size == -1 ? "any" : $"{size}"))}].");
    }
}

using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Vectors;

internal static class TensorShape
{
    /// <summary>The tensor, if it has the shape. <b>Errors</b>: Unservable <c>shape_mismatch</c>.</summary>
    public static SafetensorsTensor Require(SafetensorsTensor tensor, params ReadOnlySpan<long> shape) => tensor.HasShape(shape)
        ? tensor
        : throw StoreErrors.Unservable(
            "shape_mismatch",
            $"The tensor '{AdapterNames.Shorten(tensor.Name)}' has shape [{string.Join(", ", tensor.Shape)}]; on this base it must be [{string.Join(", ", shape.ToArray())}].");
}

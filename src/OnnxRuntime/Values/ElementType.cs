namespace AdapterServe.OnnxRuntime.Values;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>
/// The element types of tensors, numbered as ONNXTensorElementDataType in the C API (not as TensorProto.DataType in a model file).
/// <b>Units</b>: <see cref="Int4"/> and <see cref="UInt4"/> are two elements a byte. <b>Source</b>: onnxruntime_c_api.h, version 24.
/// </summary>
public enum ElementType
{
    /// <summary>For a custom op's parameter: any type.</summary>
    Any = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    BFloat16 = 16,
    UInt4 = 21,
    Int4 = 22,
}

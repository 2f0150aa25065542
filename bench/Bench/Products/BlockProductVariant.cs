namespace AdapterServe.Bench.Products;

/// <summary>Who computes a linear.</summary>
internal enum BlockProductVariant
{
    /// <summary>ONNX Runtime's Gemm over f32.</summary>
    Single,

    /// <summary>ONNX Runtime's product over 4 bits in blocks of 32 at accuracy level 4.</summary>
    MatMulNBits,

    /// <summary>Ours.</summary>
    BlockQuantizedProduct,
}

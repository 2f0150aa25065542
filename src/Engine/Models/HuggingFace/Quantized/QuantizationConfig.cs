namespace AdapterServe.Engine.Models.HuggingFace.Quantized;

/// <summary>What <c>quantization_config</c> says of packed linears.</summary>
/// <param name="Method">Who packed them.</param>
/// <param name="Bits">Of a weight.</param>
/// <param name="GroupSize">Inputs that share a scale; null: all of them.</param>
/// <param name="StoredZeroOffset">What is added to a stored zero point: 1 in GPTQ's first format.</param>
internal sealed record QuantizationConfig(QuantizationMethod Method, int Bits, int? GroupSize, int StoredZeroOffset)
{
    /// <summary>Weights in a 32-bit word.</summary>
    public int WordWeights => 32 / Bits;
}

namespace AdapterServe.Engine.Models.HuggingFace.Quantized;

/// <summary>Who packed a checkpoint's linears.</summary>
internal enum QuantizationMethod
{
    /// <summary>Codes packed along the inputs; inputs may stand in another order (act-order).</summary>
    Gptq,

    /// <summary>Codes packed along the outputs, interleaved.</summary>
    Awq,
}

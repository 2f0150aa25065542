namespace AdapterServe.Bench.Products;

/// <summary>How a linear is computed.</summary>
/// <param name="Name">In the table.</param>
/// <param name="Bits">Of a weight; 32 for f32.</param>
/// <param name="Block">Weights that share a scale.</param>
/// <param name="HasZeroPoints">Whether each block has a zero point of its own.</param>
/// <param name="HasBias">Whether the product adds a bias.</param>
/// <param name="Accuracy">ONNX Runtime's <c>accuracy_level</c>.</param>
/// <param name="IsOurs">Whether our operator stands in the place of ONNX Runtime's.</param>
/// <param name="IsInput">Whether the weight is an input of the graph, so that it may change between runs.</param>
internal sealed record ProductVariant(
    string Name, int Bits, int Block = 32, bool HasZeroPoints = false, bool HasBias = false, int Accuracy = 4, bool IsOurs = false,
    bool IsInput = false);

using System.Collections.Immutable;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// The f32 weight of a MatMul node. The graph holds it as [in, out]; the import keeps its transpose, which adapter kinds read row by row.
/// </summary>
internal sealed record FloatLinear(ImmutableArray<TransposedColumns> Parts) : LinearWeights
{
    public override int In => (int)Parts[0].Tensor.Shape[0];

    public override int Out => Parts.Sum(part => part.Count);

    public static FloatLinear Of(OnnxTensor weight) => new([new TransposedColumns(weight, 0, (int)weight.Shape[1])]);

    public override LinearWeights Rows(int first, int count) => new FloatLinear([Parts.Single() with { First = first, Count = count }]);

    public override LinearWeights? Join(LinearWeights next) =>
        next is FloatLinear other && other.In == In ? new FloatLinear(Parts.AddRange(other.Parts)) : null;

    public override IEnumerable<PlannedWeight> Plan(string path) => [TransposedColumns.Plan(path + ".weight", Parts)];

    public override string AddProduct(OnnxGraphBuilder builder, string path, string input) =>
        builder.AddNode(path, "Gemm", [input, path + ".weight"], [("transB", 1)]);
}

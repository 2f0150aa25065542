namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Nodes that make constants.</summary>
internal static class ConstantNodes
{
    public static void Constant(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(0);
        scope.Set(node.Output, new Constant(Read(scope, node)));
    }

    /// <summary>The head's weight [H, V] serves as a tied embedding.</summary>
    public static void Transpose(GraphScope scope, GraphNode node)
    {
        var tensor = scope.Tensor(node, 0);
        if (tensor.Shape.Length != 2 || node.Integers("perm") is not (null or [1, 0]))
        {
            throw node.Refused("transposes something else than a matrix");
        }

        scope.Set(node.Output, new TransposedConstant(tensor));
    }

    /// <summary>
    /// Short and long rotary tables by the longest sequence of the batch; here each sequence has those of its own length, see
    /// <see cref="LongRotation"/>.
    /// </summary>
    public static void RotaryChoice(GraphScope scope, GraphNode node)
    {
        var (longer, shorter) = (Constants(scope, node, "then_branch"), Constants(scope, node, "else_branch"));
        if (scope.Value(node, 0) is not LengthTerm { Kind: LengthKind.IsBeyondFirstContext } || longer.Count != node.Outputs.Count
            || shorter.Count != longer.Count)
        {
            throw node.Refused("chooses by something else than the length");
        }

        for (var i = 0; i < node.Outputs.Count; i++)
        {
            scope.Set(node.Outputs[i], new RotaryAngles(shorter[i], longer[i]));
        }
    }

    private static List<OnnxTensor> Constants(GraphScope scope, GraphNode node, string branch)
    {
        var graph = node.Subgraph(branch) ?? throw node.Refused($"has no {branch}");
        var constants = graph.Node.Select(proto => new GraphNode(proto)).Where(inner => inner.Operator == "Constant")
            .ToLookup(inner => inner.Output, StringComparer.Ordinal);
        return [.. graph.Output.Select(output =>
            constants[output.Name].ToArray() is [var constant]
                ? Read(scope, constant)
                : throw node.Refused("chooses between something else than constants"))];
    }

    private static OnnxTensor Read(GraphScope scope, GraphNode node) =>
        scope.Read(node.Tensor("value") ?? throw node.Refused("has no tensor")) with { Name = node.Output };
}

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Nodes between the projections of queries and keys and the attention: norms of each head and rotations.</summary>
internal static class HeadNodes
{
    /// <summary>To heads and back, or a constant in another shape.</summary>
    public static void Reshape(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(2);
        node.Expect("allowzero", 0, fallback: 0);
        var shape = scope.Tensor(node, 1).Integers() ?? throw node.Refused("has no shape of a few numbers");
        scope.Set(node.Output, scope.Value(node, 0) switch
        {
            Constant { Tensor: var tensor } => new Constant(Reshaped(node, tensor, shape)),
            HeadView heads when shape is [0, -1, var width] && width == heads.Heads * heads.Size => Joined(scope, heads),
            HeadView => throw node.Refused("puts heads together in another width than theirs"),
            _ => Heads(node, scope.Activation(node, 0), shape),
        });
    }

    public static void Norm(GraphScope scope, GraphNode node, HeadView heads)
    {
        if (heads.IsNormed)
        {
            throw node.Refused("norms heads twice");
        }

        var graph = scope.Graph;
        var apart = graph.Builder.AddReshape(graph.NewName("heads"), heads.Name, -1, heads.Size);
        var normed = graph.AddRmsNorm(node.Module, apart, NormNodes.Weight(scope, node, 1, heads.Size), NormNodes.Epsilon(node));
        scope.Set(node.Output, heads with { Name = normed, IsNormed = true });
    }

    public static void Rotate(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(4);
        node.Expect("interleaved", 0, fallback: 0);
        node.Expect("is_packed_batching", 0, fallback: 0);
        node.Expect("scale", 1, fallback: 1);
        var (heads, rotated) = (node.Integer("num_heads", 0), node.Integer("rotary_embedding_dim", 0));
        var (input, rotation) = (scope.Activation(node, 0), AttentionNodes.ReadRotation(scope, node, cos: 2));
        if (scope.Value(node, 1) is not LengthTerm { Kind: LengthKind.Positions }
            || (heads > 0 && heads * scope.Config.HeadSize != input.Width) || (rotated > 0 && rotated != rotation.Cos.First.Shape[1] * 2))
        {
            throw node.Refused("rotates something else than heads by their positions");
        }

        scope.Set(node.Output, new RotatedHeads(input, rotation));
    }

    private static HeadView Heads(GraphNode node, Activation rows, long[] shape) => shape is [0, -1, > 0 and var size] && rows.Width % size == 0
        ? new HeadView(rows.Name, (int)(rows.Width / size), (int)size, IsNormed: false)
        : throw node.Refused($"reshapes an activation to [{string.Join(", ", shape)}]");

    private static Activation Joined(GraphScope scope, HeadView heads)
    {
        var width = heads.Heads * heads.Size;
        var name = heads.IsNormed ? scope.Graph.Builder.AddReshape(scope.Graph.NewName("rows"), heads.Name, -1, width) : heads.Name;
        return new Activation(name, width, CustomOps.RowKind.Tokens);
    }

    private static OnnxTensor Reshaped(GraphNode node, OnnxTensor tensor, long[] shape)
    {
        var elements = shape.All(size => size is > 0 and <= int.MaxValue) ? shape.Aggregate((Int128)1, (product, size) => product * size) : 0;
        return elements * tensor.ElementBytes == tensor.Bytes
            ? tensor with { Shape = [.. shape] }
            : throw node.Refused($"reshapes a constant to [{string.Join(", ", shape)}]");
    }
}

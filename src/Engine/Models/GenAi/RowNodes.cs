using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Nodes that work on each row by itself: they stand in our graph as in the folder's.</summary>
internal static class RowNodes
{
    /// <summary>A linear's bias, or as <see cref="Pairwise"/>.</summary>
    public static void Sum(GraphScope scope, GraphNode node)
    {
        foreach (var (linear, bias) in ((int, int)[])[(0, 1), (1, 0)])
        {
            if (scope.Value(node, linear) is PendingLinear { Bias.IsEmpty: true } pending
                && scope.Value(node, bias) is Constant { Tensor: var tensor })
            {
                scope.Set(node.Output, LinearNodes.WithBias(node, pending, tensor));
                return;
            }
        }

        Pairwise(scope, node);
    }

    /// <summary>An operation on two activations of one width, or on one and a number.</summary>
    public static void Pairwise(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(2);
        if (node.Operator == "Mul" && scope.Value(node, 0) is PendingEmbedding embedding && scope.Value(node, 1) is Constant { Tensor: var factor })
        {
            var scale = factor.Scalar() ?? throw node.Refused("scales the embedding by something else than a number");
            scope.Set(node.Output, scope.Graph.AddEmbedding(embedding, scale));
            return;
        }

        var (first, second) = (scope.TryActivation(node, 0), scope.TryActivation(node, 1));
        if ((first ?? second) is not { } like
            || (first is not null && second is not null && (first.Width != second.Width || first.Rows != second.Rows)))
        {
            throw node.Refused("computes on activations that don't go together");
        }

        string[] inputs = [first?.Name ?? Number(scope, node, 0), second?.Name ?? Number(scope, node, 1)];
        scope.Set(node.Output, scope.Graph.Add(node.Operator, "", like, inputs, output: OutputName(scope, node)));
    }

    public static void Function(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(1);
        var input = scope.Activation(node, 0);
        var isContrib = node.Operator.StartsWith(GraphNames.ContribDomain, StringComparison.Ordinal);
        (string, object)[] attributes = node.Operator switch
        {
            "Gelu" => [("approximate", node.Text("approximate", "none"))],
            "com.microsoft.QuickGelu" => [("alpha", node.Number("alpha", 1.702f))],
            _ => [],
        };
        var type = isContrib ? node.Operator[(GraphNames.ContribDomain.Length + 1)..] : node.Operator;
        scope.Set(node.Output, scope.Graph.Add(type, isContrib ? GraphNames.ContribDomain : "", input, [input.Name], attributes, OutputName(scope, node)));
    }

    /// <summary>Activations are f32 already.</summary>
    public static void Cast(GraphScope scope, GraphNode node)
    {
        if (scope.Value(node, 0) is LengthTerm)
        {
            LengthNodes.Translate(scope, node);
            return;
        }

        node.Expect("to", (int)TensorProto.Types.DataType.Float, fallback: 0);
        Rename(scope, node);
    }

    /// <summary>Behind the head's choice of each sequence's last token, which our graph makes itself.</summary>
    public static void Unsqueeze(GraphScope scope, GraphNode node)
    {
        if (scope.TryActivation(node, 0)?.Rows != RowKind.Logits || scope.Tensor(node, 1).Integers() is not [1])
        {
            throw node.Refused("adds a dimension");
        }

        Rename(scope, node);
    }

    /// <summary>The output is the input.</summary>
    public static void Rename(GraphScope scope, GraphNode node)
    {
        if (node.Output == scope.Config.Names.Logits)
        {
            throw node.Refused("stands at the graph's end");
        }

        scope.Set(node.Output, scope.Activation(node, 0));
    }

    private static string? OutputName(GraphScope scope, GraphNode node) => node.Output == scope.Config.Names.Logits ? GraphNames.Logits : null;

    private static string Number(GraphScope scope, GraphNode node, int index)
    {
        var number = scope.Tensor(node, index).Scalar() ?? throw node.Refused($"computes with '{node.Input(index)}', which is no single number");
        return scope.Graph.Builder.AddConstant(scope.Graph.NewName("number"), number);
    }
}

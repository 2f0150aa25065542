using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Nodes that norm, with the residual stream's sum before them where the model builder joins the two. The final norm sees only rows that need logits.
/// </summary>
internal static class NormNodes
{
    private const string FinalNorm = "model.norm";

    public static void Norm(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(2);
        node.Expect("axis", -1, fallback: -1);
        node.Expect("stash_type", 1, fallback: 1);
        if (scope.Value(node, 0) is HeadView heads)
        {
            HeadNodes.Norm(scope, node, heads);
            return;
        }

        scope.Set(node.Output, Add(scope, node, scope.Activation(node, 0), null).Normed);
    }

    public static void SkipNorm(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(3);
        var (residual, added) = (scope.Activation(node, 0), scope.Activation(node, 1));
        if (residual.Width != added.Width || residual.Rows != added.Rows || node.Outputs.Count > 4
            || node.Outputs.Skip(1).Take(2).Any(name => name.Length > 0))
        {
            throw node.Refused("sums or gives something else than the residual stream");
        }

        var (normed, sum) = Add(scope, node, residual, added);
        scope.Set(node.Outputs[0], normed);
        if (node.Outputs.Count > 3 && node.Outputs[3].Length > 0)
        {
            scope.Set(node.Outputs[3], sum);
        }
    }

    public static OnnxTensor Weight(GraphScope scope, GraphNode node, int index, int width)
    {
        var weight = scope.Tensor(node, index);
        return weight.Type == ElementType.Float32 && weight.HasShape(width)
            ? weight
            : throw node.Refused($"has a weight of [{string.Join(", ", weight.Shape)}] where its input has {width} columns");
    }

    public static float Epsilon(GraphNode node) =>
        node.Number("epsilon", 1e-5f) is > 0 and < 1 and var epsilon ? epsilon : throw node.Refused("has an epsilon outside of (0, 1)");

    private static (Activation Normed, Activation Sum) Add(GraphScope scope, GraphNode node, Activation residual, Activation? added)
    {
        var epsilon = Epsilon(node);
        if (scope.NormEpsilon > 0 && scope.NormEpsilon != epsilon)
        {
            throw node.Refused("has another epsilon than the norms before it");
        }

        scope.NormEpsilon = epsilon;
        var module = new NormModule(node.Module, Weight(scope, node, added is null ? 1 : 2, residual.Width), epsilon);
        return module.Path == FinalNorm
            ? scope.Graph.AddNorm(module, scope.Graph.TakeLogitRows(residual), added is null ? null : scope.Graph.TakeLogitRows(added))
            : scope.Graph.AddNorm(module, residual, added);
    }
}

using System.Collections.Frozen;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Onnx;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Goes through the nodes of a model builder's graph and makes the engine's graph of them, operator by operator: one over a flattened batch, with
/// attention over blocks, with sites at the Hugging Face class's modules.
/// <b>Errors</b>: <see cref="ModelImportException"/> for an operator, an attribute or a connection that is not known: nothing is left out.
/// </summary>
internal static class GraphTranslator
{
    private static readonly FrozenDictionary<string, Action<GraphScope, GraphNode>> Operators = new Dictionary<string, Action<GraphScope, GraphNode>>
    {
        ["Constant"] = ConstantNodes.Constant,
        ["Transpose"] = ConstantNodes.Transpose,
        ["If"] = ConstantNodes.RotaryChoice,
        ["ReduceSum"] = LengthNodes.Translate,
        ["Sub"] = LengthNodes.Translate,
        ["Shape"] = LengthNodes.Translate,
        ["Greater"] = LengthNodes.Translate,
        ["Cast"] = RowNodes.Cast,
        ["Gather"] = EmbeddingNodes.Gather,
        ["com.microsoft.GatherBlockQuantized"] = EmbeddingNodes.GatherBlocks,
        ["Unsqueeze"] = RowNodes.Unsqueeze,
        ["Reshape"] = HeadNodes.Reshape,
        ["SimplifiedLayerNormalization"] = NormNodes.Norm,
        ["com.microsoft.SkipSimplifiedLayerNormalization"] = NormNodes.SkipNorm,
        ["MatMul"] = LinearNodes.Product,
        ["com.microsoft.MatMulNBits"] = LinearNodes.Product,
        ["Split"] = LinearNodes.Split,
        ["com.microsoft.RotaryEmbedding"] = HeadNodes.Rotate,
        ["com.microsoft.GroupQueryAttention"] = AttentionNodes.Attention,
        ["Add"] = RowNodes.Sum,
        ["Mul"] = RowNodes.Pairwise,
        ["Div"] = RowNodes.Pairwise,
        ["Sigmoid"] = RowNodes.Function,
        ["Tanh"] = RowNodes.Function,
        ["Relu"] = RowNodes.Function,
        ["Gelu"] = RowNodes.Function,
        ["com.microsoft.FastGelu"] = RowNodes.Function,
        ["com.microsoft.QuickGelu"] = RowNodes.Function,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static GraphScope Translate(GenAiConfig config, OnnxModelFile model)
    {
        var scope = new GraphScope(config, model);
        AddInputs(scope, model.Graph);
        var nodes = model.Graph.Node.Select(proto => new GraphNode(proto)).ToList();
        nodes.ForEach(scope.AddNode);
        foreach (var node in nodes)
        {
            if (scope.Begin(node))
            {
                Translate(scope, node);
            }
        }

        Check(scope);
        return scope;
    }

    private static void Translate(GraphScope scope, GraphNode node)
    {
        if (!Operators.TryGetValue(node.Operator, out var translate))
        {
            throw node.Refused("is of an operator");
        }

        translate(scope, node);
        node.End();
    }

    private static void AddInputs(GraphScope scope, GraphProto graph)
    {
        var names = scope.Config.Names;
        var known = new Dictionary<string, GraphValue>(StringComparer.Ordinal)
        {
            [names.InputIds] = new LengthTerm(LengthKind.TokenIds),
            [names.AttentionMask] = new LengthTerm(LengthKind.Mask),
        };
        if (names.PositionIds is not null)
        {
            known.Add(names.PositionIds, new LengthTerm(LengthKind.Positions));
        }

        for (var layer = 0; layer < scope.Config.Layers; layer++)
        {
            known.Add(GenAiNames.OfLayer(names.PastKeys, layer), new LayerCache(layer, HoldsValues: false));
            known.Add(GenAiNames.OfLayer(names.PastValues, layer), new LayerCache(layer, HoldsValues: true));
        }

        foreach (var input in graph.Input.Where(input => !scope.Has(input.Name)))
        {
            if (input.Type?.TensorType?.ElemType is (int)TensorProto.Types.DataType.Float16 or (int)TensorProto.Types.DataType.Bfloat16)
            {
                throw OnnxModelFile.HalfPrecision($"The graph's input '{input.Name}'");
            }

            scope.Set(input.Name, known.GetValueOrDefault(input.Name)
                ?? throw Disagrees($"the graph has the input '{input.Name}', which the configuration does not name"));
        }
    }

    private static void Check(GraphScope scope)
    {
        var config = scope.Config;
        var logits = scope.Logits() ?? throw Disagrees($"no linear of the graph makes '{config.Names.Logits}'");
        if (logits.Rows != RowKind.Logits || logits.Width != config.VocabularySize)
        {
            var norm = logits.Rows == RowKind.Logits ? "the final norm" : "no final norm";
            throw Disagrees($"'{config.Names.Logits}' has {logits.Width} columns behind {norm}, vocab_size is {config.VocabularySize}");
        }

        if (scope.Graph.Rotations.Count > 1 && scope.Graph.Rotations.Any(rotation => rotation.Cos.Long is not null))
        {
            throw new ModelImportException(
                "graph_unsupported",
                "The graph has layers that rotate differently beside rotations that depend on a sequence's length, which is not supported.");
        }

        if (scope.Graph.Sites.Count(site => site.Kind is SiteKind.Embedding or SiteKind.Head) != 2)
        {
            throw Disagrees("the graph has not one embedding and one head");
        }

        if (scope.Layers.Count != config.Layers)
        {
            throw Disagrees($"the graph has the attention of {scope.Layers.Count} layers, num_hidden_layers is {config.Layers}");
        }
    }

    /// <param name="reason">Both sides.</param>
    public static ModelImportException Disagrees(string reason) =>
        new("graph_config_mismatch", $"{GenAiConfigReader.ConfigFile} and the graph disagree: {reason}.");
}

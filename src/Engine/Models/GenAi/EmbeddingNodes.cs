using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Nodes that gather: the embedding's, and two others that have a place in a model builder's graph.</summary>
internal static class EmbeddingNodes
{
    public static void Gather(GraphScope scope, GraphNode node)
    {
        switch (scope.Value(node, 0))
        {
            case LengthTerm:
                LengthNodes.Translate(scope, node);
                break;
            case Constant or TransposedConstant:
                Embed(scope, node);
                break;
            default:
                TakeLast(scope, node);
                break;
        }
    }

    /// <summary>A quantised embedding, as a rule the head's weight.</summary>
    public static void GatherBlocks(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(4);
        node.Expect("gather_axis", 0, fallback: 0);
        node.Expect("quantize_axis", 1, fallback: 1);
        RequireIds(scope, node);
        var (bits, blockSize) = (node.Integer("bits", 4), node.Integer("block_size", 128));
        var data = scope.Tensor(node, 0);
        var zeroPoints = node.Input(3).Length > 0 ? scope.Tensor(node, 3) : null;
        var weights = LinearNodes.Blocks(
            node, new BlockFormat(bits, blockSize, 0), scope.Config.VocabularySize, scope.Config.HiddenSize, data, scope.Tensor(node, 2), zeroPoints);
        var rowBytes = data.Bytes / scope.Config.VocabularySize;
        var path = node.Module;
        var planned = weights.Plan(path).ToList();
        planned[0] = TensorRows.Plan(BlockNames.Codes(path), weights.Packed, [scope.Config.VocabularySize, rowBytes]);
        scope.Graph.AddWeights(planned);
        scope.Graph.Blocks.Add(path, weights.Format);
        string[] inputs = [planned[0].Name, GraphNames.InputIds, .. planned.Skip(1).Select(weight => weight.Name)];
        var gathered = scope.Graph.Builder.AddNode(
            path,
            "GatherBlockQuantized",
            inputs,
            [("bits", bits), ("block_size", blockSize), ("gather_axis", 0), ("quantize_axis", 1)],
            GraphNames.ContribDomain);
        scope.Set(node.Output, new PendingEmbedding(path, gathered, scope.Config.VocabularySize, scope.Config.HiddenSize));
    }

    private static void Embed(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(2);
        node.Expect("axis", 0, fallback: 0);
        RequireIds(scope, node);
        var (rows, width) = (scope.Config.VocabularySize, scope.Config.HiddenSize);
        var path = node.Module;
        var head = (scope.Value(node, 0) as TransposedConstant)?.Tensor;
        var weight = head is not null
            ? TransposedColumns.Plan(path + ".weight", [new TransposedColumns(Float(node, head, width, rows), 0, rows)])
            : TensorRows.Plan(path + ".weight", [TensorRows.All(Float(node, scope.Tensor(node, 0), rows, width))], [rows, width]);
        scope.Graph.AddWeights([weight]);
        var gathered = scope.Graph.Builder.AddNode(path, "Gather", [weight.Name, GraphNames.InputIds], [("axis", 0)]);
        scope.Set(node.Output, new PendingEmbedding(path, gathered, rows, width));
    }

    /// <summary>The head's choice of each sequence's last token, which our graph makes itself.</summary>
    private static void TakeLast(GraphScope scope, GraphNode node)
    {
        node.Expect("axis", 1, fallback: 0);
        if (scope.Activation(node, 0).Rows != RowKind.Logits || scope.Tensor(node, 1).Integers() is not [-1])
        {
            throw node.Refused("takes rows");
        }

        RowNodes.Rename(scope, node);
    }

    private static void RequireIds(GraphScope scope, GraphNode node)
    {
        if (scope.Value(node, 1) is not LengthTerm { Kind: LengthKind.TokenIds })
        {
            throw node.Refused("looks up something else than the token ids");
        }
    }

    private static OnnxTensor Float(GraphNode node, OnnxTensor tensor, int rows, int columns)
    {
        var found = $"{tensor.Type} of [{string.Join(", ", tensor.Shape)}]";
        return tensor.Type == ElementType.Float32 && tensor.HasShape(rows, columns)
            ? tensor
            : throw GraphTranslator.Disagrees(
                $"the embedding '{node.Name}' is a {found}, vocab_size and hidden_size call for f32 of [{rows}, {columns}]");
    }
}

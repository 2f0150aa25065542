using AdapterServe.AdapterStore.Models;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>The tensors of a decoder in the order in which its graph uses them.</summary>
internal static class DecoderTensors
{
    /// <summary>A tied head is the embedding and stands here once.</summary>
    public static IEnumerable<ModelTensor> Of(DecoderModel model)
    {
        yield return new(model.EmbeddingWeight, [model.VocabularySize, model.HiddenSize]);
        if (model.PositionWeight is { } positions)
        {
            yield return new(positions, [model.ContextTokens, model.HiddenSize]);
        }

        foreach (var tensor in model.Layers.SelectMany(Of).Concat(Of(model.FinalNorm)))
        {
            yield return tensor;
        }

        foreach (var tensor in Of(model.Head).Where(tensor => !model.TiedEmbeddings || tensor.Name != model.Head.Weight))
        {
            yield return tensor;
        }
    }

    private static IEnumerable<ModelTensor> Of(DecoderLayer layer) =>
        Of(layer.AttentionInputNorm)
            .Concat(layer.Attention.Inputs.SelectMany(Of)).Concat(Of(layer.Attention.QueryNorm)).Concat(Of(layer.Attention.KeyNorm))
            .Concat(Of(layer.Attention.Output)).Concat(Of(layer.AttentionOutputNorm)).Concat(Of(layer.FeedForwardInputNorm))
            .Concat(layer.FeedForward.Inputs.SelectMany(Of)).Concat(Of(layer.FeedForward.Output)).Concat(Of(layer.FeedForwardOutputNorm));

    private static IEnumerable<ModelTensor> Of(Linear linear)
    {
        yield return new(linear.Weight, linear.WeightShape) { Linear = linear };
        if (linear.Bias is { } bias)
        {
            yield return new(bias, [linear.Out]);
        }
    }

    private static IEnumerable<ModelTensor> Of(Norm? norm)
    {
        if (norm is not null)
        {
            yield return new(norm.Weight, [norm.Size]) { Added = norm.Kind == NormKind.RmsPlusOne ? 1 : 0 };
        }

        if (norm?.Bias is { } bias)
        {
            yield return new(bias, [norm.Size]);
        }
    }
}

using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>
/// What a decoder is made of, module by module: sites, checkpoint tensors and graph are read off it. A family is a function from its configuration to this.
/// </summary>
internal sealed record DecoderModel
{
    /// <summary>The architecture's name, for messages.</summary>
    public required string Architecture { get; init; }

    public required int HiddenSize { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>Most tokens of a sequence.</summary>
    public required int ContextTokens { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Module path of the embedding.</summary>
    public required string Embedding { get; init; }

    /// <summary>Multiplies embeddings.</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Module path of the learned positions, [context, hidden]; null where positions rotate.</summary>
    public string? PositionEmbedding { get; init; }

    public required ImmutableArray<DecoderLayer> Layers { get; init; }

    /// <summary>The ways in which layers rotate; at most two.</summary>
    public ImmutableArray<RotaryEmbedding> Rotaries { get; init; } = [];

    public required Norm FinalNorm { get; init; }

    public required Linear Head { get; init; }

    /// <summary>Whether the head's weight is the embedding's.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>c in c · tanh(logit / c) on the head's output; 0 for none.</summary>
    public float LogitSoftCap { get; init; }

    public string EmbeddingWeight => Embedding + ".weight";

    public string HeadWeight => TiedEmbeddings ? EmbeddingWeight : Head.Weight;

    public string? PositionWeight => PositionEmbedding is null ? null : PositionEmbedding + ".weight";

    /// <summary>The same model with each linear replaced.</summary>
    public DecoderModel WithLinears(Func<Linear, Linear> change) => this with
    {
        Head = change(Head),
        Layers = [.. Layers.Select(layer => layer with
        {
            Attention = layer.Attention with { Inputs = [.. layer.Attention.Inputs.Select(change)], Output = change(layer.Attention.Output) },
            FeedForward = layer.FeedForward with { Inputs = [.. layer.FeedForward.Inputs.Select(change)], Output = change(layer.FeedForward.Output) },
        })],
    };

    /// <summary>Every linear of the layers.</summary>
    public IEnumerable<Linear> LayerLinears => Layers.SelectMany(layer =>
        layer.Attention.Inputs.Append(layer.Attention.Output).Concat(layer.FeedForward.Inputs).Append(layer.FeedForward.Output));
}

using System.Collections.Immutable;

namespace AdapterServe.Engine.Sampling;

/// <summary>
/// How the next token is drawn. The order is: logit bias, minimum tokens, penalties, temperature, top-k, top-p, min-p, draw.
/// Ranges are checked by the host before a request reaches the engine.
/// </summary>
public sealed record SamplingParameters
{
    public static SamplingParameters Greedy { get; } = new() { Temperature = 0 };

    /// <summary>0 is greedy; ties break to the smaller id.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Smallest set of most likely tokens whose probabilities sum to at least this; (0, 1], 1 is off.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Only the k most likely tokens; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Only tokens at least this fraction as likely as the most likely one; [0, 1], 0 is off.</summary>
    public float MinP { get; init; }

    /// <summary>Subtracted once from the logit of each token generated so far.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit for each time it was generated so far.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in the prompt or generated so far; 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>The draw depends on this and the token's position alone.</summary>
    public ulong Seed { get; init; }

    /// <summary>Added to the logits of these ids.</summary>
    public ImmutableArray<KeyValuePair<int, float>> LogitBias { get; init; } = [];

    /// <summary>Until this many tokens are generated, end ids and stop ids can't be drawn.</summary>
    public int MinTokens { get; init; }

    /// <summary>Ids that end the sequence besides the model's own end ids; the id is part of the output.</summary>
    public ImmutableArray<int> StopTokenIds { get; init; } = [];

    /// <summary>The model's end ids do not end the sequence.</summary>
    public bool IgnoreEos { get; init; }
}

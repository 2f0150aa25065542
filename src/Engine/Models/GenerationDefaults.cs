namespace AdapterServe.Engine.Models;

/// <summary>
/// What a request that says nothing about sampling gets: the values of the model's <c>generation_config.json</c>, which a request's own replace one by one.
/// </summary>
public sealed record GenerationDefaults
{
    /// <summary>OpenAI's defaults, for a model that has none.</summary>
    public static GenerationDefaults None { get; } = new();

    /// <summary>0 where the file says that the model does not sample.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>(0, 1]; 1 is off.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>[0, 1]; 0 is off.</summary>
    public float MinP { get; init; }

    /// <summary>Positive; 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Most tokens of a chat's answer where the request does not say; null: what fits into the context.</summary>
    public int? MaxTokens { get; init; }
}

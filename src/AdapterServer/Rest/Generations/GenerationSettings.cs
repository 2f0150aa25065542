using System.Collections.Immutable;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>What legacy and chat completions have in common, checked.</summary>
internal sealed record GenerationSettings
{
    /// <summary>Choices for each prompt.</summary>
    public required int N { get; init; }

    /// <summary>Sequences for each prompt, of which the best <see cref="N"/> are its choices.</summary>
    public required int BestOf { get; init; }

    /// <summary>What the engine is to tell of each generated token, or null for nothing.</summary>
    public int? EngineLogProbs => LogProbs ?? (BestOf > N ? 0 : null);

    /// <summary>As the client wrote it; null is the default of the endpoint.</summary>
    public required int? MaxTokens { get; init; }

    /// <summary>Best tokens for each generated one, or null for no log-probabilities.</summary>
    public required int? LogProbs { get; init; }

    public required int? PromptLogProbs { get; init; }

    public required bool Stream { get; init; }

    public required bool IncludeUsage { get; init; }

    /// <summary>Lower numbers go first among the tenant's own requests.</summary>
    public required int Priority { get; init; }

    public required StopStrings Stops { get; init; }

    /// <summary>For choice 0; the others differ in the seed.</summary>
    public required SamplingParameters Sampling { get; init; }

    /// <summary>What each answer looks like, or null.</summary>
    public GuideRequest? Guide { get; init; }

    public required bool ReturnTokenIds { get; init; }

    public required bool SkipSpecialTokens { get; init; }

    /// <summary>Special tokens that are not skipped.</summary>
    public ImmutableHashSet<int> ShownIds { get; init; } = [];

    /// <summary>Tokens are written as <c>token_id:N</c> in log-probabilities.</summary>
    public required bool TokensAsIds { get; init; }

    /// <summary>The seed of choice <paramref name="index"/>: the request's own for the first, others mixed from it (Steele, Lea, Flood 2014, the finaliser of SplitMix64).</summary>
    public ulong SeedOf(int index)
    {
        if (index == 0)
        {
            return Sampling.Seed;
        }

        var mixed = Sampling.Seed + (0x9E3779B97F4A7C15UL * (ulong)index);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return mixed ^ (mixed >> 31);
    }
}

using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>What <c>/generate</c> is asked for, checked.</summary>
/// <param name="Inputs">The prompt.</param>
/// <param name="Settings">How the answer is drawn, in one choice.</param>
internal sealed record GenerateRequest(string Inputs, GenerationSettings Settings)
{
    /// <summary>The answer begins with the prompt.</summary>
    public required bool ReturnFullText { get; init; }

    /// <summary>The answer has its tokens.</summary>
    public required bool Details { get; init; }

    /// <summary>The answer has the prompt's tokens.</summary>
    public required bool Prefill { get; init; }

    /// <summary>How many of the best tokens each place has in <c>top_tokens</c>, or null.</summary>
    public required int? TopTokens { get; init; }

    /// <summary>What the draw began from; null where nothing is drawn.</summary>
    public required ulong? Seed { get; init; }
}

using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Scores prompts without generating anything.</summary>
internal static class Scoring
{
    /// <summary>A golden's prompt and what the reference generated behind it, and their log-probabilities from the second on.</summary>
    public static (int[] Tokens, double[] Expected) TextOf(GoldenCase golden) => (
        [.. golden.PromptIds, .. golden.GreedyIds],
        [.. golden.PromptLogprobs.Skip(1).Select(value => (double)value!.Value), .. golden.GreedyLogprobs.Select(value => (double)value)]);

    /// <summary>The log-probabilities of the prompt's tokens from the second on.</summary>
    public static async Task<LogProbBuffer> PromptAsync(EngineHost engine, int[] tokens, AdapterLease? adapter = null)
    {
        var generation = engine.Client.Submit(new GenerationRequest { Tenant = "default", PromptTokens = tokens, MaxTokens = 0, PromptLogProbs = 0, Adapter = adapter });
        await generation.EndAsync();

        return generation.PromptLogProbs!;
    }
}

using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Scores prompts without generating anything.</summary>
internal static class Scoring
{
    /// <summary>The log-probabilities of the prompt's tokens from the second on.</summary>
    public static async Task<LogProbBuffer> PromptAsync(EngineHost engine, int[] tokens, AdapterLease? adapter = null)
    {
        var generation = engine.Client.Submit(new GenerationRequest { Tenant = "default", PromptTokens = tokens, MaxTokens = 0, PromptLogProbs = 0, Adapter = adapter });
        await generation.EndAsync();

        return generation.PromptLogProbs!;
    }
}

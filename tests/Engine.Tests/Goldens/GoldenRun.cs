using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Sends a golden case to an engine and compares what comes back.</summary>
internal static class GoldenRun
{
    public static async Task CheckAsync(DemoModel demo, EngineHost engine, string golden, GoldenCase expected, bool scorePrompt) =>
        await CheckAsync(engine, golden, await demo.AcquireAsync(golden), expected, scorePrompt);

    /// <param name="engine">Where it is sent to.</param>
    /// <param name="golden">For messages.</param>
    /// <param name="adapter">Passes to the engine.</param>
    /// <param name="expected">What the reference computed.</param>
    /// <param name="scorePrompt">Whether the prompt's log-probabilities are compared too.</param>
    /// <param name="later">Adapters that take over within the prompt.</param>
    /// <param name="tolerance">Greatest |difference| of a log-probability.</param>
    public static async Task CheckAsync(
        EngineHost engine, string golden, AdapterLease? adapter, GoldenCase expected, bool scorePrompt, ImmutableArray<LaterAdapter>? later = null,
        double tolerance = Tolerances.GoldenLogProb)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default",
            PromptTokens = expected.PromptIds,
            Adapter = adapter,
            LaterAdapters = later ?? [],
            MaxTokens = expected.GreedyIds.Length,
            Sampling = SamplingParameters.Greedy,
            LogProbs = 0,
            PromptLogProbs = scorePrompt ? 0 : null,
        });
        await generation.EndAsync();

        Assert.Equal(expected.GreedyIds, Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt));
        for (var i = 0; i < expected.GreedyIds.Length; i++)
        {
            Assert.True(
                Math.Abs(generation.LogProbs![i] - expected.GreedyLogprobs[i]) <= tolerance,
                $"{golden}: token {i} has {generation.LogProbs[i]}, expected {expected.GreedyLogprobs[i]}");
        }

        for (var i = 1; scorePrompt && i < expected.PromptIds.Length; i++)
        {
            Assert.True(
                Math.Abs(generation.PromptLogProbs![i] - expected.PromptLogprobs[i]!.Value) <= tolerance,
                $"{golden}: prompt token {i} has {generation.PromptLogProbs[i]}, expected {expected.PromptLogprobs[i]}");
        }
    }
}

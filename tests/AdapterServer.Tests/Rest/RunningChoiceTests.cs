using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Tests.Rest;

public sealed class RunningChoiceTests
{
    [Fact]
    public async Task A_failed_run_carries_the_engines_reason_to_the_log()
    {
        var reason = new InvalidOperationException("A kernel saw a shape that it does not know.");
        await using var engine = new EngineHost(new FailingRunner(reason), new ModelLimits(16, 8, []), new EngineOptions { MaxSequences = 1 }, totalBlocks: 4);
        var generation = engine.Client.Submit(new GenerationRequest { Tenant = "default", PromptTokens = [1, 2], MaxTokens = 3 });
        var choice = new RunningChoice(0, true, new PreparedPrompt([1, 2], "a"), new TextGeneration(generation, new PlainDecoder(), StopStrings.None), engine.Counters);
        var failure = await Assert.ThrowsAsync<GenerationFailedException>(() => choice.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Same(reason, failure.InnerException);
        Assert.Contains(reason.Message, failure.ToString(), StringComparison.Ordinal);
    }
}

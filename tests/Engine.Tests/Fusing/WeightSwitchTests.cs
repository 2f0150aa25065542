using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Tests.Scheduling;

namespace AdapterServe.Engine.Tests.Fusing;

/// <summary>Switches of the base's weights in line with requests.</summary>
public sealed class WeightSwitchTests : IDisposable
{
    private static readonly int[] s_prompt = [3, 1, 4, 1, 5, 9, 2, 6, 5];
    private static readonly FusedTarget s_target = new(new AdapterVersion("default", "fused", 1, "sha256:fused", 0));
    private readonly LoopFixture _fixture = new(64, new EngineOptions { BlockTokens = 4, MaxSequences = 4 });

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Requests_before_a_switch_end_on_the_old_weights_and_those_behind_it_wait_for_the_new_ones()
    {
        var change = new ScriptedChange();
        var before = _fixture.Submit(s_prompt, 5);
        var change1 = new WeightSwitch(s_target, change);
        _fixture.Queue.Enter(change1);
        var behind = _fixture.Submit(s_prompt, 5, LoopFixture.Adapter(s_target.Digest));
        _fixture.Runner.OnRun = plan =>
        {
            foreach (var entry in plan.Entries)
            {
                Assert.Equal(entry.Sequence.Generation == behind, change.IsApplied);
                Assert.Null(entry.Sequence.Adapter);
            }
        };

        _fixture.RunToEnd();

        Assert.Equal((FinishReason.Length, FinishReason.Length), (before.Finish, behind.Finish));
        Assert.True(change1.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public void From_a_switch_on_only_requests_for_its_adapter_alone_are_accepted_and_refused_ones_give_their_adapter_back()
    {
        _fixture.Queue.Enter(new WeightSwitch(s_target, new ScriptedChange()));
        var released = 0;
        Assert.Throws<FusedConflictException>(() => _fixture.Submit(s_prompt, 1));
        Assert.Throws<FusedConflictException>(() => _fixture.Submit(s_prompt, 1, LoopFixture.Adapter("sha256:other"), () => released++));
        Assert.Throws<FusedConflictException>(() => _fixture.Client.Submit(new GenerationRequest
        {
            Tenant = "default",
            PromptTokens = s_prompt,
            MaxTokens = 1,
            Adapter = new AdapterLease(LoopFixture.Adapter(s_target.Digest), () => released++),
            LaterAdapters = [new LaterAdapter(2, null)],
        }));
        Assert.Equal(2, released);

        _fixture.Queue.Enter(new WeightSwitch(null, null));
        var after = _fixture.Submit(s_prompt, 1, LoopFixture.Adapter("sha256:other"));
        _fixture.RunToEnd();
        Assert.Equal(FinishReason.Length, after.Finish);
    }

    [Fact]
    public void What_the_base_an_adapter_beside_it_and_the_fused_adapter_have_computed_is_never_shared()
    {
        var adapter = LoopFixture.Adapter(s_target.Digest);
        Assert.Equal(0, Cached(null));
        Assert.Equal(0, Cached(adapter));
        _fixture.Queue.Enter(new WeightSwitch(s_target, new ScriptedChange()));
        Assert.Equal(0, Cached(adapter));
        Assert.Equal(8, Cached(adapter));
        _fixture.Queue.Enter(new WeightSwitch(null, null));
        Assert.Equal(8, Cached(null));
        Assert.Equal(8, Cached(adapter));
    }

    [Fact]
    public async Task An_adapter_that_fails_to_go_in_leaves_the_base_and_nobody_gets_a_wrong_answer()
    {
        var failing = new WeightSwitch(s_target, new ScriptedChange { FailsToApply = true });
        _fixture.Queue.Enter(failing);
        var behind = _fixture.Submit(s_prompt, 5, LoopFixture.Adapter(s_target.Digest));
        _fixture.RunToEnd();

        Assert.Equal((FinishReason.Failed, 0), (behind.Finish, behind.TokenCount));
        var failure = await Assert.ThrowsAsync<WeightSwitchException>(() => failing.Done);
        Assert.Null(failure.Held);
        _fixture.Queue.Correct(failure.Held);
        var base0 = _fixture.Submit(s_prompt, 2);
        _fixture.RunToEnd();
        Assert.Equal(FinishReason.Length, base0.Finish);
    }

    [Fact]
    public async Task An_adapter_that_can_not_be_taken_out_serves_nobody_until_it_could()
    {
        var change = new ScriptedChange { FailsToRestore = true };
        _fixture.Queue.Enter(new WeightSwitch(s_target, change));
        var failing = new WeightSwitch(null, null);
        _fixture.Queue.Enter(failing);
        var behind = _fixture.Submit(s_prompt, 5);
        _fixture.RunToEnd();

        Assert.Equal((FinishReason.Failed, 0), (behind.Finish, behind.TokenCount));
        var failure = await Assert.ThrowsAsync<WeightSwitchException>(() => failing.Done);
        _fixture.Queue.Correct(failure.Held);
        var refusal = Assert.Throws<FusedConflictException>(() => _fixture.Submit(s_prompt, 1));
        Assert.Contains("unfuse it once more", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<FusedConflictException>(() => _fixture.Submit(s_prompt, 1, LoopFixture.Adapter(s_target.Digest)));

        change.FailsToRestore = false;
        _fixture.Queue.Enter(new WeightSwitch(null, null));
        var healed = _fixture.Submit(s_prompt, 2);
        _fixture.RunToEnd();
        Assert.Equal((FinishReason.Length, false), (healed.Finish, change.IsApplied));
    }

    [Fact]
    public async Task A_stopping_engine_answers_the_switches_that_wait()
    {
        var running = _fixture.Submit(s_prompt, 50);
        _fixture.Loop.Step();
        var (first, second) = (new WeightSwitch(s_target, new ScriptedChange()), new WeightSwitch(null, null));
        _fixture.Queue.Enter(first);
        _fixture.Loop.Step();
        _fixture.Queue.Enter(second);
        _fixture.Loop.EndAll(FinishReason.Drained);

        Assert.Equal(FinishReason.Drained, running.Finish);
        Assert.True((await Assert.ThrowsAsync<EngineBusyException>(() => first.Done)).Stopping);
        Assert.True((await Assert.ThrowsAsync<EngineBusyException>(() => second.Done)).Stopping);
        Assert.True(_fixture.Loop.IsIdle);
    }

    private int Cached(AdapterWeights? adapter)
    {
        var generation = _fixture.Submit(s_prompt, 1, adapter);
        _fixture.RunToEnd();
        return generation.CachedPromptTokens;
    }

    private sealed class ScriptedChange : IWeightChange
    {
        public bool IsApplied { get; private set; }

        public bool FailsToApply { get; init; }

        public bool FailsToRestore { get; set; }

        public void Apply() => IsApplied = FailsToApply ? throw new IOException("No.") : true;

        public void Restore() => IsApplied = FailsToRestore ? throw new IOException("No.") : false;
    }
}

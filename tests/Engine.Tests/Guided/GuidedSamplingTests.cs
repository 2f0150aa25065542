using System.Collections.Immutable;
using System.Text;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>What a guide does to a row of logits. Tokens 0 to 255 are the bytes, 256 is "ab", 257 ends, 258 is the base's and means something else to the adapter, 259 is the adapter's own.</summary>
public sealed class GuidedSamplingTests
{
    private const int End = 257;
    private static readonly GuideVocabulary s_vocabulary = Vocabulary();
    private readonly Sampler _sampler = new();

    [Fact]
    public void Only_tokens_that_continue_the_text_are_drawn_and_ends_where_it_is_whole()
    {
        var state = State("(ab)+");
        Assert.Equal([256, End], [Draw(state, (End, 9), (256, 5), ('b', 8)), Draw(state, (End, 9), (256, 5))]);
        Assert.True(state.EndsSequence(End));
    }

    [Fact]
    public void Tokens_of_the_adapter_never_come_however_likely_they_are() => Assert.Equal('a', Draw(State("a|z"), (258, 50), (259, 60), ('a', -20), ('z', -30)));

    [Fact]
    public void A_whole_text_ends_before_the_least_number_of_tokens()
    {
        var state = State("ab?", SamplingParameters.Greedy with { MinTokens = 9 });
        // While something else may come, the end is banned.
        Assert.Equal(['a', 'b', End], [Draw(state, ('a', 1)), Draw(state, (End, 5)), Draw(state, ('a', 5))]);
    }

    [Fact]
    public void A_stop_id_is_an_end_and_no_part_of_the_text()
    {
        var state = State("a*", SamplingParameters.Greedy with { StopTokenIds = ['a'] });
        Assert.Equal('a', Draw(state, ('a', 5), (End, 1)));
        Assert.True(state.EndsSequence('a'));
        var other = State("ba*", SamplingParameters.Greedy with { StopTokenIds = ['a'] });
        Assert.Equal('b', Draw(other, ('a', 5)));
    }

    [Fact]
    public void Without_a_finite_logit_the_smallest_token_that_may_come_is_drawn()
    {
        var logits = new float[260];
        Array.Fill(logits, float.NaN);
        Assert.Equal('x', _sampler.Sample(logits, State("z|x")));
    }

    [Fact]
    public void Drawing_what_is_known_allocates_nothing()
    {
        var state = State("[ab]*", maxTokens: 10_000);
        var logits = new float[260];
        for (var i = 0; i < 200; i++)
        {
            _sampler.Sample(logits, state);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            logits['a'] = 1;
            _sampler.Sample(logits, state);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private int Draw(SamplingState state, params (int Id, float Logit)[] likely)
    {
        var logits = new float[260];
        foreach (var (id, logit) in likely)
        {
            logits[id] = logit;
        }

        return _sampler.Sample(logits, state);
    }

    private static SamplingState State(string regex, SamplingParameters? parameters = null, int maxTokens = 10)
    {
        var guide = new OutputGuide(GuideCompiler.Compile(GuideKind.Regex, regex, s_vocabulary), [258]);
        return new SamplingState(parameters ?? SamplingParameters.Greedy, [End], [], maxTokens, guide);
    }

    private static GuideVocabulary Vocabulary()
    {
        ImmutableArray<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), "ab"u8.ToArray(), [], Encoding.UTF8.GetBytes("a")];
        return new GuideVocabulary(tokens, tokens);
    }
}

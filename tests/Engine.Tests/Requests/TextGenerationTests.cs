using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Requests;

public sealed class TextGenerationTests
{
    private static readonly string[] Words = ["The ", "day ", "af", "ter", "", ".", "é"];

    [Fact]
    public async Task Pieces_concatenate_to_the_text_of_all_tokens()
    {
        var generation = Generation(new SamplingParameters());
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), StopStrings.None);
        var reading = ReadAllAsync(text);
        foreach (var token in new[] { 0, 1, 2, 3, 5, 4 })
        {
            Publish(generation, token);
        }

        End(generation, FinishReason.Stop);
        var deltas = await reading;
        Assert.Equal("The day after.", string.Concat(deltas.Select(delta => delta.Text)));
        Assert.Equal(6, text.TokenCount);
        Assert.Equal(FinishReason.Stop, text.Finish);
        Assert.Equal([0, 4, 8, 10, 13, 14], Enumerable.Range(0, 6).Select(text.OffsetOf));
    }

    [Fact]
    public async Task Pieces_cover_every_token_once_and_in_order()
    {
        var generation = Generation(new SamplingParameters());
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), new StopStrings(["after!"]));
        var reading = ReadAllAsync(text);
        for (var token = 0; token < 6; token++)
        {
            Publish(generation, token);
        }

        End(generation, FinishReason.Length);
        var next = 0;
        foreach (var delta in await reading)
        {
            Assert.Equal(next, delta.FirstToken);
            next = delta.EndToken;
        }

        Assert.Equal(6, next);
        Assert.Equal(FinishReason.Length, text.Finish);
    }

    [Fact]
    public async Task A_stop_string_across_tokens_ends_the_text_before_it_and_cancels_the_generation()
    {
        var generation = Generation(new SamplingParameters());
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), new StopStrings(["y aft"]));
        var reading = ReadAllAsync(text);
        for (var token = 0; token < 6; token++)
        {
            Publish(generation, token);
        }

        var deltas = await reading;
        Assert.Equal("The da", string.Concat(deltas.Select(delta => delta.Text)));
        Assert.Equal(FinishReason.Stop, text.Finish);
        Assert.Equal(4, text.TokenCount);
        Assert.True(generation.CancelRequested);
    }

    [Fact]
    public async Task Stop_strings_do_not_count_within_the_minimum_of_tokens()
    {
        var generation = Generation(new SamplingParameters { MinTokens = 3 });
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), new StopStrings(["day", "ter"]));
        var reading = ReadAllAsync(text);
        for (var token = 0; token < 4; token++)
        {
            Publish(generation, token);
        }

        Assert.Equal("The day af", string.Concat((await reading).Select(delta => delta.Text)));
        Assert.Equal(4, text.TokenCount);
    }

    [Fact]
    public async Task Text_held_back_for_a_stop_string_comes_when_the_generation_ends()
    {
        var generation = Generation(new SamplingParameters());
        var text = new TextGeneration(generation, new ScriptedDecoder(Words, rest: "\uFFFD"), new StopStrings(["afternoon"]));
        var reading = ReadAllAsync(text);
        Publish(generation, 2);
        Publish(generation, 3);
        End(generation, FinishReason.Length);
        Assert.Equal("after\uFFFD", string.Concat((await reading).Select(delta => delta.Text)));
    }

    [Fact]
    public async Task A_stop_id_has_no_text_but_is_a_token()
    {
        var generation = Generation(new SamplingParameters { StopTokenIds = [5] });
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), StopStrings.None);
        var reading = ReadAllAsync(text);
        Publish(generation, 0);
        Publish(generation, 5);
        End(generation, FinishReason.Stop);
        Assert.Equal("The ", string.Concat((await reading).Select(delta => delta.Text)));
        Assert.Equal(2, text.TokenCount);
    }

    [Fact]
    public async Task Cancelling_the_reader_cancels_the_generation()
    {
        using var client = new CancellationTokenSource();
        var generation = Generation(new SamplingParameters());
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), StopStrings.None);
        var reading = ReadAsync(text, client.Token);
        await client.CancelAsync();
        Assert.True(generation.CancelRequested);
        End(generation, FinishReason.Cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task A_generation_without_tokens_yields_its_end()
    {
        var generation = Generation(new SamplingParameters());
        var text = new TextGeneration(generation, new ScriptedDecoder(Words), StopStrings.None);
        End(generation, FinishReason.Length);
        var delta = Assert.Single(await ReadAllAsync(text));
        Assert.Equal(new TextDelta("", 0, 0), delta);
        Assert.Equal(FinishReason.Length, text.Finish);
    }

    private static Generation Generation(SamplingParameters sampling) =>
        new(new GenerationRequest { Tenant = "default", PromptTokens = [1], MaxTokens = 16, Sampling = sampling });

    private static void Publish(Generation generation, int token)
    {
        generation.Publish(token);
        generation.Wake();
    }

    private static void End(Generation generation, FinishReason reason)
    {
        generation.End(reason);
        generation.Wake();
    }

    private static Task<List<TextDelta>> ReadAllAsync(TextGeneration text) => ReadAsync(text, TestContext.Current.CancellationToken);

    private static async Task<List<TextDelta>> ReadAsync(TextGeneration text, CancellationToken cancellationToken)
    {
        var deltas = new List<TextDelta>();
        await foreach (var delta in text.ReadAsync(cancellationToken))
        {
            deltas.Add(delta);
        }

        return deltas;
    }
}

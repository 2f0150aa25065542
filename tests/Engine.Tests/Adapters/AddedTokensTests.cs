using System.Text.Json.Nodes;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Adapters;

/// <summary>Adapters with tokens that the base lacks compute what the architecture computes with the larger matrices.</summary>
public sealed class AddedTokensTests
{
    private const int Added = 3;
    private const int Width = TinyCheckpoint.Vocabulary + Added;
    private static readonly int[] s_prompt = [1, 17, 5, 18, 16, 19, 19, 3, 17];

    private static readonly int[] s_plain = [1, 5, 16, 0, 7, 7, 3, 11, 4];

    private static readonly Dictionary<string, Func<MergedAdapter>> Cases = new(StringComparer.Ordinal)
    {
        ["embedding and head that were trained"] = () => Saved(tied: false),
        ["embedding and head that were trained, in bf16"] = () => Saved(tied: false, SafetensorsType.BF16),
        ["embedding and head that were trained, of a tied base"] = () => Saved(tied: true),
        ["resized layers beside a LoRA"] = Resized,
        ["a resized embedding of a tied base"] = () =>
        {
            var adapter = Tied();
            adapter.AddMerged(MergedAdapter.Embedding);
            return adapter;
        },
        ["resized layers of a tied base, both of them"] = () =>
        {
            var adapter = Tied();
            adapter.AddMerged(MergedAdapter.Embedding);
            adapter.AddMerged(MergedAdapter.Head);
            return adapter;
        },
        ["a trained embedding of a tied base with the names that PEFT leaves in the file"] = () =>
        {
            var adapter = Tied(same: false);
            adapter.Save("embed_tokens");
            adapter.AddMerged(MergedAdapter.Embedding);
            adapter.AddMerged(MergedAdapter.Embedding, MergedAdapter.Embedding + ".modules_to_save.weight");
            adapter.AddOther(MergedAdapter.Embedding, MergedAdapter.Embedding + ".original_module.weight");
            adapter.AddMerged(MergedAdapter.Head);
            return adapter;
        },
        ["a trained embedding that stays tied"] = () =>
        {
            var adapter = Tied();
            adapter.Save("embed_tokens");
            adapter.Config["ensure_weight_tying"] = true;
            adapter.AddMerged(MergedAdapter.Embedding);
            return adapter;
        },
        ["LoRAs on resized layers"] = () =>
        {
            var adapter = new MergedAdapter(tied: false, biases: false);
            adapter.AddTokens(Added);
            adapter.Target("embed_tokens", "lm_head");
            adapter.AddMerged(MergedAdapter.Embedding, MergedAdapter.Embedding + ".base_layer.weight");
            adapter.AddMerged(MergedAdapter.Head, MergedAdapter.Head + ".base_layer.weight");
            adapter.AddLora(MergedAdapter.Head, 12, Width);
            adapter.AddEmbeddingLora(MergedAdapter.Embedding);
            return adapter;
        },
        ["a LoRA on a resized embedding that stays tied"] = () =>
        {
            var adapter = new MergedAdapter(tied: true, biases: false);
            adapter.AddTokens(Added, same: true);
            adapter.Config["ensure_weight_tying"] = true;
            adapter.Target("embed_tokens");
            adapter.AddMerged(MergedAdapter.Embedding, MergedAdapter.Embedding + ".base_layer.weight");
            adapter.AddEmbeddingLora(MergedAdapter.Embedding, MergedAdapter.Head);
            return adapter;
        },
        ["rows of the added tokens alone, of a tied base"] = () => Rows(tied: true, [18, 5, 17, 19], MergedAdapter.Embedding, MergedAdapter.Head),
        ["rows of some tokens over resized layers"] = () =>
        {
            var adapter = Rows(tied: false, [18, 5], MergedAdapter.Embedding);
            adapter.AddOther(MergedAdapter.Embedding, MergedAdapter.Embedding + ".token_adapter.trainable_tokens_original");
            return adapter;
        },
        ["rows of some tokens over resized layers of a tied base"] = () => Rows(tied: true, [18, 5], MergedAdapter.Embedding, MergedAdapter.Head),
        ["trainable tokens alone, of a tied base"] = () =>
        {
            var adapter = Tied(targeted: false);
            adapter.Config["peft_type"] = "TRAINABLE_TOKENS";
            adapter.Config["token_indices"] = new JsonArray(19, 4, 17, 18);
            adapter.Config.Remove("r");
            adapter.Config.Remove("lora_alpha");
            adapter.AddRows(MergedAdapter.Embedding + ".trainable_tokens_delta", [19, 4, 17, 18], MergedAdapter.Embedding, MergedAdapter.Head);
            return adapter;
        },
    };

    private static readonly Dictionary<string, (string Code, Func<MergedAdapter> Make)> Wrong = new(StringComparer.Ordinal)
    {
        ["a trained embedding of a tied base whose head nobody saved"] = ("vocabulary", () =>
        {
            var adapter = Tied();
            adapter.Save("embed_tokens");
            adapter.AddMerged(MergedAdapter.Embedding);
            return adapter;
        }),
        ["two different layers where the base has one"] = ("weight_tying", () =>
        {
            var adapter = Tied(same: false);
            adapter.AddMerged(MergedAdapter.Embedding);
            adapter.AddMerged(MergedAdapter.Head);
            return adapter;
        }),
        ["a bias behind the logits"] = ("vocabulary", () =>
        {
            var adapter = Saved(tied: false);
            adapter.Save("embed_tokens");
            adapter.AddMerged(MergedAdapter.Head, MergedAdapter.Head + ".base_layer.weight");
            adapter.Remove(MergedAdapter.Head + ".weight");
            adapter.Target("lm_head");
            adapter.Config["lora_bias"] = true;
            adapter.AddLora(MergedAdapter.Head, 12, Width);
            adapter.Add(MergedAdapter.Head + ".lora_B.bias", Width);
            return adapter;
        }),
        ["rows of single tokens of the base over another head"] = ("vocabulary", () =>
        {
            var adapter = Rows(tied: true, [18, 5], MergedAdapter.Embedding, MergedAdapter.Head);
            adapter.AddOther(MergedAdapter.Embedding, MergedAdapter.Embedding + ".token_adapter.base_layer.weight").CopyTo(adapter.Weight(MergedAdapter.Head), 0);
            adapter.AddMerged(MergedAdapter.Head);
            return adapter;
        }),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task What_has_no_exact_meaning_is_refused_with_its_reason(string name)
    {
        var refused = await Assert.ThrowsAsync<AdapterStoreException>(() => TinyAdapterRun.StartAsync(Wrong[name].Make()));
        Assert.Equal((Wrong[name].Code, AdapterErrorKind.Unservable), (refused.Code, refused.Kind));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Prompt_and_answer_are_those_of_the_larger_matrices(string name)
    {
        var adapter = Cases[name]();
        var reference = new ScalarLlama(adapter.Merged);
        await using var run = await TinyAdapterRun.StartAsync(adapter);

        Assert.Equal(Added, run.Adapter.AddedTokens);
        // Every prompt goes on with an added token, whose own row is then read and drawn from.
        var generation = await run.Submit(s_prompt, await run.AcquireAsync(), request => request with
        {
            MaxTokens = 3, LogProbs = 20, PromptLogProbs = 20, Sampling = SamplingParameters.Greedy with { IgnoreEos = true, LogitBias = [new(18, 1000)] },
        }).EndAsync();

        Assert.Equal([18, 18, 18], Enumerable.Range(0, 3).Select(generation.TokenAt));
        int[] tokens = [.. s_prompt, 18, 18, 18];
        var expected = reference.Logits(tokens);
        for (var i = 1; i < s_prompt.Length; i++)
        {
            AssertRow(expected[i - 1], tokens[i], generation.PromptLogProbs!, i);
        }

        for (var i = 0; i < 3; i++)
        {
            AssertRow(expected[s_prompt.Length + i - 1], 18, generation.LogProbs!, i);
        }
    }

    [Fact]
    public async Task Rows_that_are_the_bases_take_no_memory()
    {
        await using var resized = await TinyAdapterRun.StartAsync(Resized());
        await using var trained = await TinyAdapterRun.StartAsync(Saved(tied: false));
        Assert.Equal(["low_rank", "embedding_rows", "dense"], resized.Adapter.Forms);
        using var lease = await resized.AcquireAsync();
        Assert.True(lease.Weights.At(0).ToArray().Single().Bytes < 12 * sizeof(float) * (Added + 1));
        Assert.True(trained.Adapter.WeightBytes > 2 * 12 * sizeof(float) * Width);
    }

    [Fact]
    public async Task Others_in_the_step_neither_see_nor_know_the_tokens()
    {
        await using var run = await TinyAdapterRun.StartAsync(Saved(tied: false));
        Assert.Equal(await BesideAsync(s_plain, null), await BesideAsync(s_prompt, await run.AcquireAsync()));
        Assert.Contains("18", Assert.Throws<ArgumentException>(() => run.Submit(s_prompt[3..], null)).Message, StringComparison.Ordinal);
        var lease = await run.AcquireAsync();
        Assert.Contains("20", Assert.Throws<ArgumentException>(() => run.Submit([1, 20], lease)).Message, StringComparison.Ordinal);

        // The same steps, with and without the adapter in the other sequence's rows.
        async Task<float[]> BesideAsync(int[] other, AdapterLease? adapter)
        {
            using var engine = run.CreateStepped();
            var plain = engine.Submit(s_plain, 4, null, logProbs: 17);
            var beside = engine.Submit(other, 4, adapter);
            engine.RunToEnd();
            await beside.EndAsync();
            return [.. Enumerable.Range(0, 4).SelectMany(i => plain.LogProbs!.TopValues(i).ToArray())];
        }
    }

    [Fact]
    public async Task A_span_of_the_base_ends_the_added_vocabulary()
    {
        await using var run = await TinyAdapterRun.StartAsync(Saved(tied: false));
        var lease = await run.AcquireAsync();
        Assert.Contains(
            "vocabulary of 17",
            Assert.Throws<ArgumentException>(() => run.Submit([1, 17, 5, 18], lease, request => request with { LaterAdapters = [new LaterAdapter(2, null)] })).Message,
            StringComparison.Ordinal);

        // The base's logits before the place know nothing of a token that the next span's adapter adds.
        var later = new LaterAdapter(2, await run.AcquireAsync());
        var generation = await run.Submit([1, 5, 18, 4], null, request => request with { LaterAdapters = [later], PromptLogProbs = 20 }).EndAsync();
        Assert.Equal((float.NegativeInfinity, TinyCheckpoint.Vocabulary + 1), (generation.PromptLogProbs![2], generation.PromptLogProbs.RankAt(2)));
        Assert.Equal(-1, generation.PromptLogProbs.TopIds(2)[TinyCheckpoint.Vocabulary]);
        Assert.True(float.IsFinite(generation.PromptLogProbs[3]));
        Assert.Contains(19, generation.PromptLogProbs.TopIds(3).ToArray());
    }

    [Fact]
    public async Task A_repeated_beginning_with_added_tokens_is_shared_and_answers_the_same()
    {
        await using var run = await TinyAdapterRun.StartAsync(Saved(tied: false));
        int[] prompt = [.. Enumerable.Range(0, 18).Select(i => i % 4 == 1 ? 17 + (i % 3) : i % 17)];
        var first = await AnswerAsync();
        var second = await AnswerAsync();
        Assert.Equal((0, 16), (first.CachedPromptTokens, second.CachedPromptTokens));
        Assert.Equal(first.TokenAt(0), second.TokenAt(0));
        Assert.Equal(first.LogProbs![0], second.LogProbs![0], 5);

        async Task<Generation> AnswerAsync() => await run.Submit(prompt, await run.AcquireAsync(), request => request with { PromptLogProbs = null }).EndAsync();
    }

    [Fact]
    public async Task A_step_with_added_tokens_allocates_nothing()
    {
        await using var run = await TinyAdapterRun.StartAsync(Saved(tied: false));
        var least = long.MaxValue;
        for (var round = 0; round < 8; round++)
        {
            var before = run.Counters.AllocatedBytes;
            await run.Submit(s_prompt, await run.AcquireAsync(), request => request with
            {
                MaxTokens = 12, LogProbs = 5, Sampling = new SamplingParameters { Seed = 1, IgnoreEos = true, TopP = 0.9f, RepetitionPenalty = 1.1f },
            }).EndAsync();
            least = Math.Min(least, run.Counters.AllocatedBytes - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public async Task Penalties_and_ends_reach_the_added_tokens()
    {
        await using var run = await TinyAdapterRun.StartAsync(Saved(tied: false));
        var ended = await run.Submit(s_prompt, await run.AcquireAsync(), request => request with
        {
            MaxTokens = 5, EndIds = [19], Sampling = SamplingParameters.Greedy with { LogitBias = [new(19, 1000)] },
        }).EndAsync();
        Assert.Equal((FinishReason.Stop, 1, 19), (ended.Finish, ended.TokenCount, ended.TokenAt(0)));

        var banned = await run.Submit(s_prompt, await run.AcquireAsync(), request => request with
        {
            MaxTokens = 4, EndIds = [19], Sampling = SamplingParameters.Greedy with { MinTokens = 2, LogitBias = [new(19, 1000), new(18, 900), new(17, 850)], PresencePenalty = 100 },
        }).EndAsync();
        Assert.Equal([18, 17, 19], Enumerable.Range(0, banned.TokenCount).Select(banned.TokenAt));
    }

    /// <summary>The token's log-probability and the twenty best over base and added tokens, which are all.</summary>
    private static void AssertRow(double[] logits, int token, LogProbBuffer actual, int index)
    {
        Assert.Equal(Width, logits.Length);
        var tolerance = 2 * Tolerances.TinyLogits * logits.Max(Math.Abs);
        var logSum = Math.Log(logits.Sum(logit => Math.Exp(logit - logits.Max()))) + logits.Max();
        Assert.InRange(actual[index] - (logits[token] - logSum), -tolerance, tolerance);
        Assert.Equal(Enumerable.Range(0, Width), actual.TopIds(index).ToArray().Order());
        for (var k = 0; k < Width; k++)
        {
            Assert.InRange(actual.TopValues(index)[k] - (logits[actual.TopIds(index)[k]] - logSum), -tolerance, tolerance);
        }
    }

    private static MergedAdapter Saved(bool tied, SafetensorsType type = SafetensorsType.F32)
    {
        var adapter = new MergedAdapter(tied, biases: false) { Type = type };
        adapter.AddTokens(Added);
        adapter.Save("embed_tokens", "lm_head");
        foreach (var path in (string[])[MergedAdapter.Embedding, MergedAdapter.Head])
        {
            adapter.AddOther(path, path + ".weight").CopyTo(adapter.Weight(path), 0);
        }

        return adapter;
    }

    private static MergedAdapter Resized()
    {
        var adapter = new MergedAdapter(tied: false, biases: false);
        adapter.AddTokens(Added);
        Target(adapter);
        adapter.AddMerged(MergedAdapter.Embedding);
        adapter.AddMerged(MergedAdapter.Head);
        return adapter;
    }

    private static MergedAdapter Tied(bool same = true, bool targeted = true)
    {
        var adapter = new MergedAdapter(tied: true, biases: false);
        adapter.AddTokens(Added, same);
        if (targeted)
        {
            Target(adapter);
        }

        return adapter;
    }

    /// <summary>Where the tokens leave some of the added ones without a row, the resized matrices are in the file too.</summary>
    private static MergedAdapter Rows(bool tied, int[] ids, params string[] mergedAt)
    {
        var adapter = new MergedAdapter(tied, biases: false);
        adapter.AddTokens(Added, same: tied);
        Target(adapter);
        adapter.Config["trainable_token_indices"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]);
        if (ids.Count(id => id >= TinyCheckpoint.Vocabulary) < Added)
        {
            adapter.AddMerged(MergedAdapter.Embedding, MergedAdapter.Embedding + ".token_adapter.base_layer.weight");
            adapter.AddMerged(MergedAdapter.Embedding, MergedAdapter.Embedding + ".original_module.weight");
            adapter.AddMerged(MergedAdapter.Head);
        }

        adapter.AddRows(MergedAdapter.Embedding + ".token_adapter.trainable_tokens_delta", ids, mergedAt);
        return adapter;
    }

    private static void Target(MergedAdapter adapter)
    {
        adapter.Target("q_proj");
        adapter.AddLora("model.layers.0.self_attn.q_proj", 12, 18);
        adapter.AddLora("model.layers.1.self_attn.q_proj", 12, 18);
    }
}

using System.Text.Json.Nodes;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Adapters;

/// <summary>An adapter on the shared base computes what the architecture computes with the adapter written into the weights.</summary>
public sealed class MergedWeightsTests
{
    private static readonly int[] s_prompt = [1, 5, 16, 0, 7, 7, 3, 11, 4];

    private static readonly Dictionary<string, Func<MergedAdapter>> Cases = new(StringComparer.Ordinal)
    {
        ["rows of tokens of the embedding"] = () => Rows(tied: false, new JsonArray(5, 16), MergedAdapter.Embedding),
        ["rows of tokens of tied embeddings"] = () => Rows(tied: true, new JsonArray(5, 16), MergedAdapter.Embedding, MergedAdapter.Head),
        ["rows of tokens of tied embeddings, given for both"] = () => Rows(
            tied: true, new JsonObject { ["embed_tokens"] = new JsonArray(5, 16), ["lm_head"] = new JsonArray(5, 16) }, MergedAdapter.Embedding, MergedAdapter.Head),
        ["rows of other tokens of the head than of the tied embedding"] = () =>
        {
            var adapter = Rows(tied: true, new JsonObject { ["embed_tokens"] = new JsonArray(5, 16), ["lm_head"] = new JsonArray(7, 0, 3) }, MergedAdapter.Embedding);
            adapter.AddRows("lm_head.token_adapter.trainable_tokens_delta", [7, 0, 3], MergedAdapter.Head);
            return adapter;
        },
        ["trainable tokens alone, tied"] = () =>
        {
            var adapter = new MergedAdapter(tied: true, biases: false);
            adapter.Config["peft_type"] = "TRAINABLE_TOKENS";
            adapter.Config["token_indices"] = new JsonArray(16, 4, 7);
            adapter.Config.Remove("r");
            adapter.Config.Remove("lora_alpha");
            adapter.AddRows("model.embed_tokens.trainable_tokens_delta", [16, 4, 7], MergedAdapter.Embedding, MergedAdapter.Head);
            return adapter;
        },
        ["a LoRA on the embedding of a tied base"] = () => EmbeddingLora(ensured: false, MergedAdapter.Embedding),
        ["a LoRA on tied embeddings that stay tied"] = () => EmbeddingLora(ensured: true, MergedAdapter.Embedding, MergedAdapter.Head),
        ["a saved embedding of a tied base"] = () => Whole(ensured: false),
        ["a saved embedding that stays tied"] = () => Whole(ensured: true, "lm_head.weight"),
        ["saved norms and a linear layer with its bias"] = () =>
        {
            var adapter = new MergedAdapter(tied: false, biases: true);
            adapter.Save("norm", "layers.1.self_attn.k_proj");
            string[] norms = [.. adapter.Base.Shapes.Keys.Where(name => name.EndsWith("norm.weight", StringComparison.Ordinal))];
            Assert.Equal(5, norms.Length);
            Array.ForEach(norms, norm => adapter.AddWhole(norm));
            adapter.AddWhole("model.layers.1.self_attn.k_proj.weight");
            adapter.AddWhole("model.layers.1.self_attn.k_proj.bias");
            return adapter;
        },
        ["the biases of the targeted modules"] = () =>
        {
            var adapter = new MergedAdapter(tied: false, biases: true);
            adapter.Config["bias"] = "lora_only";
            adapter.Target("layers.0.self_attn.q_proj", "down_proj");
            (string, int, int)[] targets = [("model.layers.0.self_attn.q_proj", 12, 18), ("model.layers.0.mlp.down_proj", 20, 12), ("model.layers.1.mlp.down_proj", 20, 12)];
            foreach (var (path, inFeatures, outFeatures) in targets)
            {
                adapter.AddLora(path, inFeatures, outFeatures);
                adapter.AddWhole(path + ".bias", path + ".base_layer.bias");
            }

            return adapter;
        },
        ["all biases"] = () =>
        {
            var adapter = new MergedAdapter(tied: true, biases: true);
            adapter.Config["bias"] = "all";
            adapter.Target("o_proj");
            adapter.AddLora("model.layers.0.self_attn.o_proj", 18, 12);
            adapter.AddLora("model.layers.1.self_attn.o_proj", 18, 12);
            foreach (var bias in adapter.Base.Shapes.Keys.Where(name => name.EndsWith(".bias", StringComparison.Ordinal)))
            {
                adapter.AddWhole(bias, bias.Contains("o_proj", StringComparison.Ordinal) ? bias.Replace(".bias", ".base_layer.bias", StringComparison.Ordinal) : bias);
            }

            return adapter;
        },
        ["a copy of the base's head, and a changed one of the embedding, under LoRAs"] = () =>
        {
            var adapter = new MergedAdapter(tied: false, biases: false);
            adapter.Target("embed_tokens", "lm_head");
            adapter.Add("lm_head.base_layer.weight", adapter.Base.Values["lm_head.weight"], TinyCheckpoint.Vocabulary, 12);
            adapter.AddWhole("model.embed_tokens.weight", "model.embed_tokens.base_layer.weight");
            adapter.AddLora("lm_head", 12, TinyCheckpoint.Vocabulary);
            adapter.AddEmbeddingLora(MergedAdapter.Embedding);
            return adapter;
        },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_adapter_equals_the_merged_weights(string name)
    {
        var adapter = Cases[name]();
        var expected = new ScalarLlama(adapter.Merged).Logits(s_prompt);

        await using var run = await TinyAdapterRun.StartAsync(adapter);
        var generation = await run.Submit(s_prompt, await run.AcquireAsync()).EndAsync();

        for (var i = 1; i < s_prompt.Length; i++)
        {
            var row = expected[i - 1];
            var tolerance = 2 * Tolerances.TinyLogits * row.Max(Math.Abs);
            var logProb = row[s_prompt[i]] - Math.Log(row.Sum(logit => Math.Exp(logit - row.Max()))) - row.Max();
            Assert.InRange(generation.PromptLogProbs![i] - logProb, -tolerance, tolerance);
        }
    }

    private static MergedAdapter Rows(bool tied, JsonNode indices, params string[] mergedAt)
    {
        var adapter = new MergedAdapter(tied, biases: false);
        adapter.Config["trainable_token_indices"] = indices;
        adapter.Target("q_proj");
        adapter.AddLora("model.layers.0.self_attn.q_proj", 12, 18);
        adapter.AddLora("model.layers.1.self_attn.q_proj", 12, 18);
        adapter.AddRows("model.embed_tokens.token_adapter.trainable_tokens_delta", [5, 16], mergedAt);
        return adapter;
    }

    private static MergedAdapter EmbeddingLora(bool ensured, params string[] mergedAt)
    {
        var adapter = new MergedAdapter(tied: true, biases: false);
        adapter.Config["ensure_weight_tying"] = ensured;
        adapter.Target("embed_tokens");
        adapter.AddEmbeddingLora(mergedAt);
        return adapter;
    }

    private static MergedAdapter Whole(bool ensured, params string[] mergedAt)
    {
        var adapter = new MergedAdapter(tied: true, biases: false);
        adapter.Config["ensure_weight_tying"] = ensured;
        adapter.Save("model.embed_tokens");
        adapter.AddWhole("model.embed_tokens.weight", fileName: null, mergedAt);
        return adapter;
    }
}

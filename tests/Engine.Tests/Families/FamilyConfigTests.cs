using System.Text.Json.Nodes;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Engine.Models.HuggingFace.Families;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>What families' configurations mean where they leave things out, or say them as older libraries did.</summary>
public sealed class FamilyConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("MistralForCausalLM", "{}", new[] { 4096, 4096, 4096, 4096 })]
    [InlineData("MistralForCausalLM", """{"sliding_window":null}""", new[] { 0, 0, 0, 0 })]
    [InlineData("MistralForCausalLM", """{"sliding_window":7}""", new[] { 7, 7, 7, 7 })]
    [InlineData("LlamaForCausalLM", """{"sliding_window":7}""", new[] { 0, 0, 0, 0 })]
    [InlineData("Phi3ForCausalLM", "{}", new[] { 0, 0, 0, 0 })]
    [InlineData("Phi3ForCausalLM", """{"sliding_window":7}""", new[] { 7, 7, 7, 7 })]
    [InlineData("Qwen2ForCausalLM", """{"sliding_window":7,"max_window_layers":2}""", new[] { 0, 0, 0, 0 })]
    [InlineData("Qwen2ForCausalLM", """{"use_sliding_window":true,"sliding_window":7,"max_window_layers":2}""", new[] { 0, 0, 7, 7 })]
    [InlineData("Qwen3ForCausalLM", """{"use_sliding_window":true,"sliding_window":7,"max_window_layers":0}""", new[] { 7, 7, 7, 7 })]
    [InlineData("Gemma2ForCausalLM", """{"sliding_window":7}""", new[] { 7, 0, 7, 0 })]
    [InlineData(
        "Gemma2ForCausalLM", """{"sliding_window":7,"layer_types":["full_attention","full_attention","sliding_attention","full_attention"]}""", new[] { 0, 0, 7, 0 })]
    [InlineData("Gemma3ForCausalLM", """{"sliding_window":7,"sliding_window_pattern":3}""", new[] { 7, 7, 0, 7 })]
    [InlineData("Gemma3ForCausalLM", """{"sliding_window":7}""", new[] { 7, 7, 7, 7 })]
    public void Layers_see_as_far_as_the_configuration_says(string architecture, string fields, int[] windows) =>
        Assert.Equal(windows, Describe(architecture, fields).Layers.Select(layer => layer.Attention.Window));

    [Fact]
    public void Gemma_3_says_its_two_rotations_in_either_form()
    {
        var older = Describe(
            "Gemma3ForCausalLM",
            """{"rope_theta":1000,"rope_local_base_freq":10,"rope_scaling":{"rope_type":"linear","factor":8},"sliding_window_pattern":2}""");
        var newer = Describe(
            "Gemma3ForCausalLM",
            """
            {"rope_parameters":{"full_attention":{"rope_type":"linear","factor":8,"rope_theta":1000},"sliding_attention":{"rope_type":"default","rope_theta":10}},
             "layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"]}
            """);

        Assert.Equal([1, 0, 1, 0], older.Layers.Select(layer => layer.Attention.Rotary!.Value));
        Assert.Equal(older.Layers.Select(layer => layer.Attention.Rotary), newer.Layers.Select(layer => layer.Attention.Rotary));
        Assert.Equal(older.Rotaries.Select(rotary => rotary.Frequencies), newer.Rotaries.Select(rotary => rotary.Frequencies));
        Assert.Equal(1 / 8.0, older.Rotaries[0].Frequencies[0]);
        Assert.Equal(Math.Pow(10, -0.5), older.Rotaries[1].Frequencies[1], 1e-12);
    }

    [Theory]
    [InlineData("{}", 50, 30)]
    [InlineData("""{"attn_logit_softcapping":null,"final_logit_softcapping":null}""", 0, 0)]
    [InlineData("""{"attn_logit_softcapping":8,"final_logit_softcapping":20}""", 8, 20)]
    public void Gemma_2_caps_logits_unless_it_says_null(string fields, float attention, float logits)
    {
        var model = Describe("Gemma2ForCausalLM", fields);
        Assert.Equal((attention, logits), (model.Layers[0].Attention.SoftCap, model.LogitSoftCap));
        Assert.Equal((0, 0), (Describe("Gemma3ForCausalLM", "{}").Layers[0].Attention.SoftCap, Describe("Gemma3ForCausalLM", "{}").LogitSoftCap));
    }

    [Theory]
    [InlineData("LlamaForCausalLM", false)]
    [InlineData("Qwen3ForCausalLM", false)]
    [InlineData("GemmaForCausalLM", true)]
    [InlineData("Gemma3ForCausalLM", true)]
    public void A_head_is_tied_as_the_family_does_it_unless_told(string architecture, bool tied)
    {
        Assert.Equal(tied, Describe(architecture, "{}").TiedEmbeddings);
        Assert.Equal(!tied, Describe(architecture, $$"""{"tie_word_embeddings":{{(tied ? "false" : "true")}}}""").TiedEmbeddings);
    }

    [Fact]
    public void GPT2_scales_by_layer_and_widens_by_four_unless_told()
    {
        var plain = Describe("GPT2LMHeadModel", "{}");
        Assert.Equal((32, 0.5f, 0.5f), (plain.Layers[1].FeedForward.Inputs[0].Out, plain.Layers[0].Attention.Scale, plain.Layers[1].Attention.Scale));
        Assert.True(plain.TiedEmbeddings);
        var told = Describe("GPT2LMHeadModel", """{"n_inner":20,"scale_attn_by_inverse_layer_idx":true,"scale_attn_weights":false,"activation_function":"relu"}""");
        Assert.Equal((20, 1f, 0.5f), (told.Layers[1].FeedForward.Inputs[0].Out, told.Layers[0].Attention.Scale, told.Layers[1].Attention.Scale));
        Assert.Equal(Activation.Relu, told.Layers[0].FeedForward.Activation);
    }

    [Fact]
    public void Biases_stand_where_the_families_have_them()
    {
        Assert.Equal("qkv", Biases(Describe("Qwen2ForCausalLM", "{}")));
        Assert.Equal("", Biases(Describe("Qwen3ForCausalLM", "{}")));
        Assert.Equal("qkvo", Biases(Describe("Qwen3ForCausalLM", """{"attention_bias":true}""")));
        Assert.Equal("qkvogud", Biases(Describe("LlamaForCausalLM", """{"attention_bias":true,"mlp_bias":true}""")));
        Assert.Equal("qkvo", Biases(Describe("Gemma2ForCausalLM", """{"attention_bias":true}""")));
        Assert.Equal("", Biases(Describe("MistralForCausalLM", """{"attention_bias":true}""")));
    }

    [Theory]
    [InlineData("Gemma2ForCausalLM", """{"use_bidirectional_attention":true}""", "config_unsupported")]
    [InlineData("Gemma2ForCausalLM", """{"layer_types":["full_attention"]}""", "config_field")]
    [InlineData("Qwen3ForCausalLM", """{"layer_types":["full_attention","full_attention","chunked_attention","full_attention"]}""", "config_unsupported")]
    [InlineData("Gemma2ForCausalLM", """{"query_pre_attn_scalar":0}""", "config_field")]
    [InlineData("Phi3ForCausalLM", """{"rope_scaling":{"type":"longrope"}}""", "config_field")]
    [InlineData("GPT2LMHeadModel", """{"add_cross_attention":true}""", "config_unsupported")]
    [InlineData("GPT2LMHeadModel", """{"n_embd":9,"n_head":2}""", "config_field")]
    public void A_configuration_that_cannot_be_served_is_refused(string architecture, string fields, string code) =>
        Assert.Equal(code, Assert.Throws<ModelImportException>(() => Describe(architecture, fields)).Code);

    private static string Biases(DecoderModel model) => string.Concat(
        model.LayerLinears.Take(7).Where(linear => linear.HasBias).Select(linear => linear.Path[linear.Path.LastIndexOf('.') + 1]));

    private DecoderModel Describe(string architecture, string fields)
    {
        var config = JsonNode.Parse(
            """
            {"hidden_size":8,"num_attention_heads":2,"head_dim":4,"intermediate_size":8,"num_hidden_layers":4,"vocab_size":9,"max_position_embeddings":32,
            "n_embd":8,"n_head":2,"n_layer":2}
            """)!.AsObject();
        config["architectures"] = new JsonArray(architecture);
        foreach (var (name, value) in JsonNode.Parse(fields)!.AsObject())
        {
            config[name] = value?.DeepClone();
        }

        File.WriteAllText(_folder.In("config.json"), config.ToJsonString());
        using var file = JsonFile.TryOpen(_folder.Path, "config.json", 1 << 20)!;
        return ModelFamilies.Describe(file);
    }
}

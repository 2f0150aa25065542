using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft;

/// <summary>Variants of a sound LoRA that must be let through.</summary>
public sealed class ServableLoraTests
{
    [Fact]
    public async Task Invocation_tokens_make_it_an_activated_one()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var put = await storage.PutAsync("activated", SmallLora.Make(lora => lora.Config["alora_invocation_tokens"] = new JsonArray(5, 3)).Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "activated"), TestContext.Current.CancellationToken);
        Assert.Equal("alora", put.Descriptor.Kind);
        Assert.Equal([5, 3], lease.Weights.InvocationTokens);
    }

    private static readonly Dictionary<string, Action<SmallLora>> Cases = new(StringComparer.Ordinal)
    {
        ["as it is"] = _ => { },
        ["unknown options that say nothing"] = lora =>
        {
            lora.Config["new_flag"] = false;
            lora.Config["new_list"] = new JsonArray();
            lora.Config["new_count"] = 0;
            lora.Config["new_config"] = null;
        },
        ["leftovers of training"] = lora =>
        {
            lora.Config["loftq_config"] = new JsonObject { ["bits"] = 4 };
            lora.Config["eva_config"] = new JsonObject { ["rho"] = 2.0 };
            lora.Config["fan_in_fan_out"] = true;
            lora.Config["init_lora_weights"] = "eva";
            lora.Extra["README.md"] = "# hello"u8.ToArray();
            lora.Extra["training_args.bin"] = [1, 2, 3];
        },
        ["targets as one expression"] = lora => lora.Config["target_modules"] = @".*\.self_attn\.(?P<which>q|v)_proj",
        ["targets as full paths"] = lora => lora.Config["target_modules"] = new JsonArray(
            "model.layers.0.self_attn.q_proj", "layers.1.self_attn.q_proj", "self_attn.v_proj"),
        ["no targets given"] = lora => lora.Config["target_modules"] = null,
        ["exclusions"] = lora =>
        {
            lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "up_proj", "lm_head");
            lora.Config["exclude_modules"] = @".*mlp.*|lm_head";
        },
        ["one layer of two"] = lora => OneLayer(lora, 1),
        ["one layer of two by a pattern"] = lora =>
        {
            OneLayer(lora, new JsonArray(1));
            lora.Config["layers_pattern"] = "layers";
        },
        ["all linear layers but the head"] = lora =>
        {
            lora.Config["target_modules"] = "all-linear";
            for (var i = 0; i < 2; i++)
            {
                lora.AddPair($"model.layers.{i}.self_attn.k_proj", 2, 8, 4);
                lora.AddPair($"model.layers.{i}.self_attn.o_proj", 2, 8, 8);
                lora.AddPair($"model.layers.{i}.mlp.gate_proj", 2, 8, 12);
                lora.AddPair($"model.layers.{i}.mlp.up_proj", 2, 8, 12);
                lora.AddPair($"model.layers.{i}.mlp.down_proj", 2, 12, 8);
            }
        },
        ["a pattern with a dot for any character"] = lora =>
        {
            lora.Config["rank_pattern"] = new JsonObject { ["layers.0.self_attn.q_proj"] = 3, ["q.proj"] = 2 };
            lora.AddPair("model.layers.0.self_attn.q_proj", 3, 8, 8);
        },
        ["a pattern with alternatives"] = lora =>
        {
            lora.Config["rank_pattern"] = new JsonObject { [@"layers\.(0|7)\..*q_proj"] = 3 };
            lora.AddPair("model.layers.0.self_attn.q_proj", 3, 8, 8);
        },
        ["tying on a base that ties nothing"] = lora => lora.Config["ensure_weight_tying"] = true,
        ["a saved head that the configuration does not name"] = lora => lora.Add("lm_head.weight", [16, 8]),
        ["a head under a LoRA with a copy of the base's"] = lora =>
        {
            lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "lm_head");
            lora.AddPair("lm_head", 2, 8, 16);
            lora.Add("lm_head.base_layer.weight", [16, 8]);
        },
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_sound_variant_is_served(string name)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var put = await storage.PutAsync("good", SmallLora.Make(Cases[name]).Files());
        Assert.True(put.Created);
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "good"), TestContext.Current.CancellationToken);
        Assert.Equal(put.Descriptor.WeightBytes, lease.Weights.Bytes);
    }

    [Theory]
    [InlineData(SafetensorsType.F32, WeightType.F32, "float32")]
    [InlineData(SafetensorsType.BF16, WeightType.BF16, "bfloat16")]
    [InlineData(SafetensorsType.F16, WeightType.F32, "float16")]
    public async Task Weights_are_held_without_rounding(SafetensorsType file, WeightType held, string dtype)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var put = await storage.PutAsync("good", SmallLora.Make(lora => lora.Type = file).Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "good"), TestContext.Current.CancellationToken);
        var weights = Assert.IsType<LowRankWeights>(lease.Weights.At(Bases.Small.FindSite("model.layers.0.self_attn.q_proj")!.Index)[0]);
        Assert.Equal((held, 2, 2f), (weights.Type, weights.Rank, weights.Scale));
        Assert.Equal(dtype, put.Descriptor.Dtype);
    }

    [Fact]
    public async Task A_targeted_head_has_its_saved_weight_first_and_the_LoRA_after()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        await storage.PutAsync("good", SmallLora.Make(Cases["a head under a LoRA with a copy of the base's"]).Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "good"), TestContext.Current.CancellationToken);
        FormKind[] forms = [.. lease.Weights.At(Bases.Small.FindSite("lm_head")!.Index).ToArray().Select(form => form.Form)];
        Assert.Equal([FormKind.Dense, FormKind.LowRank], forms);
    }

    private static void OneLayer(SmallLora lora, JsonNode layers)
    {
        lora.Config["layers_to_transform"] = layers;
        foreach (var name in lora.Tensors.Keys.Where(name => name.Contains(".0.", StringComparison.Ordinal)).ToList())
        {
            lora.Tensors.Remove(name);
        }
    }
}

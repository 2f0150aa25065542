using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.AdapterHub;

/// <summary>One row for each way in which a folder of the adapters library can be wrong.</summary>
public sealed class WrongHubTests
{
    private const string Down0 = "model.layers.0.output_adapters.adapters.me.adapter_down.0.weight";

    private static readonly Dictionary<string, (AdapterErrorKind Kind, string Code, Func<SmallHub> Make)> Cases = new(StringComparer.Ordinal)
    {
        ["gating"] = Unservable("gating", hub => hub.Config["use_gating"] = true),
        ["an unknown option"] = Unservable("unknown_option", hub => hub.Config["use_novelty"] = 3),
        ["an unknown architecture"] = Unservable("unknown_architecture", hub => hub.Config["architecture"] = "reft"),
        ["an unknown named configuration"] = Unservable("unknown_architecture", hub => hub.Root["config"] = "novel"),
        ["GLOW"] = Unservable("invertible", hub => hub.Config["inv_adapter"] = "glow"),
        ["an unknown invertible adapter"] = Unservable("invertible", hub => hub.Config["inv_adapter"] = "novel"),
        ["an unknown activation"] = Unservable("activation", hub => hub.Config["non_linearity"] = "maxout"),
        ["a model of another width"] = Unservable("shape_mismatch", hub => hub.Root["hidden_size"] = 16),
        ["the residual twice"] = Unservable("residual", hub => hub.Config["residual_before_ln"] = false),
        ["the residual not at all"] = Unservable("residual", hub => hub.Config["original_ln_after"] = false),
        ["a residual behind the sum"] = Unservable("residual", hub => hub.Config["residual_before_ln"] = "post_add"),
        ["a parallel adapter without the residual"] = Unservable("residual", hub => (hub.Config["is_parallel"], hub.Config["original_ln_after"]) = (true, false)),
        ["an unknown scaling"] = Unservable("option_range", hub => hub.Config["scaling"] = "tokenwise"),
        ["a scaling beyond f32"] = Unservable("scale", hub => hub.Config["scaling"] = 1e300),
        ["a reduction factor of zero"] = Unservable("option_range", hub => hub.Config["reduction_factor"] = 0),
        ["a reduction factor that makes a huge layer"] = Unservable("option_range", hub => hub.Config["reduction_factor"] = 1e-9),
        ["another reduction factor than the file"] = Unservable("shape_mismatch", hub => hub.Config["reduction_factor"] = 4),
        ["a reduction factor for a layer that the file contradicts"] = Unservable("shape_mismatch", hub => hub.Config["reduction_factor"] = new JsonObject { ["1"] = 8, ["default"] = 2 }),
        ["no reduction factor for a layer"] = Malformed("config_missing_key", hub => hub.Config["reduction_factor"] = new JsonObject { ["1"] = 2 }),
        ["a missing tensor"] = Unservable("missing_tensors", hub => hub.Remove(Down0)),
        ["a layer that the configuration leaves out"] = Unservable("unknown_tensor", hub => hub.Config["leave_out"] = new JsonArray(1)),
        ["adapters behind the attention that the file lacks"] = Unservable("missing_tensors", hub => hub.Config["mh_adapter"] = true),
        ["norms that the file lacks"] = Unservable("missing_tensors", hub => hub.Config["ln_before"] = true),
        ["copies of a norm that differ"] = Unservable("copies_differ", DifferentNorms),
        ["an invertible adapter that the file lacks"] = Unservable("missing_tensors", hub => (hub.Config["inv_adapter"], hub.Config["inv_adapter_reduction_factor"]) = ("nice", 2)),
        ["a surplus tensor"] = Unservable("unknown_tensor", hub => hub.Add("model.layers.0.output_adapters.adapters.me.gate.weight", 1, 8)),
        ["another adapter's tensors"] = Unservable("missing_tensors", hub => hub.Rename(".me.", ".you.")),
        ["a layer that the base lacks"] = Unservable("unknown_tensor", hub => hub.Add("model.layers.2.output_adapters.adapters.me.adapter_up.bias", 8)),
        ["two names that become one"] = Unservable("unknown_tensor", hub => hub.Add(Down0.Replace(".adapters.", ".layer_text_task_adapters.", StringComparison.Ordinal), 4, 8)),
        ["NaN"] = Unservable("not_finite", hub => hub[Down0][3] = float.NaN),
        ["blocks that do not divide the width"] = Unservable("option_range", hub => (hub.Config["phm_layer"], hub.Config["phm_dim"]) = (true, 3)),
        ["hypercomplex layers that the file lacks"] = Unservable("missing_tensors", hub => hub.Config["phm_layer"] = true),
        ["no name"] = Malformed("config_missing_key", hub => hub.Root.Remove("name")),
        ["a name of another type"] = Malformed("config_wrong_type", hub => hub.Root["name"] = 5),
        ["a version that is none"] = Malformed("config_wrong_type", hub => hub.Root["version"] = "adapters.newest"),
        ["an option of another type"] = Malformed("config_wrong_type", hub => hub.Config["mh_adapter"] = "yes"),
        ["a union of nothing"] = Malformed("config_wrong_type", hub => hub.Root["config"] = new JsonObject { ["architecture"] = "union" }),
        ["a union of the same adapter twice"] = Unservable("missing_tensors", hub => hub.Root["config"] = new JsonObject
        {
            ["architecture"] = "union", ["configs"] = new JsonArray(hub.Config.DeepClone(), hub.Config.DeepClone()),
        }),
        ["a head for classes"] = Unservable("head", hub => AddHead(hub, new JsonObject { ["head_type"] = "classification" })),
        ["a head with layers of its own"] = Unservable("head", hub => AddHead(hub, new JsonObject { ["head_type"] = "causal_lm", ["layers"] = 2 })),
        ["a head for another vocabulary"] = Unservable("head", hub => AddHead(hub, new JsonObject { ["head_type"] = "causal_lm", ["vocab_size"] = 17 })),
        ["a head of another model"] = Unservable("head", hub => AddHead(hub, null, "LlamaForSequenceClassification")),
        ["a head of another shape"] = Unservable("shape_mismatch", hub => hub.Head["lm_head.weight"] = ([4, 8], new float[32])),
        ["a surplus tensor of the head"] = Unservable("unknown_tensor", hub => (hub.Head["lm_head.weight"], hub.Head["lm_head.bias"]) = (([16, 8], new float[128]), ([16], new float[16]))),
        ["LoRA of another rank"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => SmallHub.Lora(hub => hub.Config["r"] = 4)),
        ["LoRA of no rank"] = (AdapterErrorKind.Unservable, "rank", () => SmallHub.Lora(hub => hub.Config["r"] = 0)),
        ["LoRA with modules that the file lacks"] = (AdapterErrorKind.Unservable, "missing_tensors", () => SmallHub.Lora(hub => hub.Config["attn_matrices"] = new JsonArray("q", "k"))),
        ["LoRA with modules that the configuration denies"] = (AdapterErrorKind.Unservable, "unknown_tensor", () => SmallHub.Lora(hub => hub.Config["leave_out"] = new JsonArray(0))),
        ["LoRA of an unknown composition"] = (AdapterErrorKind.Unservable, "option_range", () => SmallHub.Lora(hub => hub.Config["composition_mode"] = "multiply")),
        ["IA3 of a rank"] = (AdapterErrorKind.Unservable, "option_range", () => SmallHub.Lora(hub => hub.Config["composition_mode"] = "scale")),
        ["DoRA without magnitudes"] = (AdapterErrorKind.Unservable, "missing_tensors", () => SmallHub.Lora(hub => hub.Config["use_dora"] = true)),
        ["LoRA gating"] = (AdapterErrorKind.Unservable, "gating", () => SmallHub.Lora(hub => hub.Config["use_gating"] = true)),
        ["a prefix that some layers leave out"] = Prefix("leave_out", config => config["leave_out"] = new JsonArray(0)),
        ["a prefix of no tokens"] = Prefix("option_range", config => config["prefix_length"] = 0),
        ["a prefix of another length"] = Prefix("shape_mismatch", config => config["prefix_length"] = 4),
        ["a prefix of an unknown activation"] = Prefix("activation", config => (config["flat"], config["non_linearity"]) = (false, "mish")),
        ["a prefix without its network"] = Prefix("missing_tensors", config => config["flat"] = false),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_wrong_adapter_is_refused_with_its_own_code_and_leaves_nothing(string name)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var refused = await storage.RefusedAsync(Cases[name].Make().Files());
        Assert.Equal((Cases[name].Kind, Cases[name].Code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(storage.Catalog.List("acme"));
    }

    [Fact]
    public async Task A_sound_prefix_and_sound_unions_are_accepted()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        Assert.Equal("prefix_tuning", (await storage.PutAsync("prefix", FlatPrefix(_ => { }).Files())).Descriptor.Kind);
        var union = SmallHub.Bottleneck(hub =>
        {
            var lora = SmallHub.Lora();
            hub.Root["config"] = new JsonObject { ["architecture"] = "union", ["configs"] = new JsonArray(hub.Config.DeepClone(), lora.Config.DeepClone()) };
            foreach (var (name, tensor) in lora.Tensors)
            {
                hub.Tensors[name] = tensor;
            }
        });
        Assert.Equal("bottleneck+lora", (await storage.PutAsync("union", union.Files())).Descriptor.Kind);
    }

    private static (AdapterErrorKind Kind, string Code, Func<SmallHub> Make) Unservable(string code, Action<SmallHub> spoil) =>
        (AdapterErrorKind.Unservable, code, () => SmallHub.Bottleneck(spoil));

    private static (AdapterErrorKind Kind, string Code, Func<SmallHub> Make) Malformed(string code, Action<SmallHub> spoil) =>
        (AdapterErrorKind.Malformed, code, () => SmallHub.Bottleneck(spoil));

    private static (AdapterErrorKind Kind, string Code, Func<SmallHub> Make) Prefix(string code, Action<JsonObject> spoil) =>
        (AdapterErrorKind.Unservable, code, () => FlatPrefix(spoil));

    private static SmallHub FlatPrefix(Action<JsonObject> change) => SmallHub.Bottleneck(hub =>
    {
        hub.Root["config"] = new JsonObject { ["architecture"] = "prefix_tuning", ["flat"] = true, ["prefix_length"] = 3, ["leave_out"] = new JsonArray() };
        hub.Tensors.Clear();
        hub.Add("model.prefix_tuning.prefix_tunings.me.self_prefix.control_trans", 3 * 2 * 2 * 4);
        change(hub.Config);
    });

    private static void DifferentNorms(SmallHub hub)
    {
        hub.Config["ln_before"] = true;
        hub.Rename("adapter_down.0", "adapter_down.1");
        foreach (var name in new[] { 0, 1 }.SelectMany(layer => new[] { "adapter_norm_before", "adapter_down.0" }.Select(norm => SmallHub.Location(layer) + norm)))
        {
            hub.Add(name + ".weight", 8);
            hub.Add(name + ".bias", 8);
        }
    }

    private static void AddHead(SmallHub hub, JsonObject? config, string modelClass = "LlamaAdapterModel")
    {
        hub.HeadConfig = new JsonObject { ["config"] = config, ["model_class"] = modelClass, ["name"] = "mine" };
        hub.Head["heads.mine.0.weight"] = ([16, 8], new float[128]);
    }
}

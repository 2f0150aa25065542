using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft;

/// <summary>The names that other programs give a LoRA's tensors: the same weights under every one, or a refusal.</summary>
public sealed class LoraKeyTests : IDisposable
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";

    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _storage;

    public LoraKeyTests() => _storage = _folder.Open();

    /// <summary>What a name of PEFT's becomes.</summary>
    public static TheoryData<string, string> Renamings => new()
    {
        { "the adapter's name left in", "base_model.model.{path}.{factor}.default.weight" },
        { "another adapter's name left in", "base_model.model.{path}.{factor}.v1.2.weight" },
        { "no prefix", "{path}.{factor}.weight" },
        { "half a prefix", "base_model.{path}.{factor}.weight" },
        { "a text model inside a larger one", "base_model.model.language_model.{path}.{factor}.weight" },
        { "a text model inside a larger one's body", "base_model.model.model.language_model.{inner}.{factor}.weight" },
        { "a compiled model", "base_model.model._orig_mod.{path}.{factor}.weight" },
        { "a model in data parallel", "module.base_model.model.{path}.{factor}.weight" },
        { "diffusers' names", "{path}.{updown}.weight" },
    };

    public static TheoryData<string> BareNames =>
        ["lora_{underscored}.{kohya}.weight", "lora_{underscoredInner}.{kohya}.weight", "{path}.{updown}.weight", "base_model.model.{path}.{factor}.weight"];

    [Theory]
    [MemberData(nameof(Renamings))]
    public async Task A_LoRA_with_a_configuration_means_the_same_under_other_programs_names(string what, string pattern)
    {
        Assert.NotEmpty(what);
        var plain = await WeightsAsync("plain", new SmallLora().Files());
        var renamed = await WeightsAsync("renamed", Renamed(pattern).Files());
        AssertEqual(plain, renamed);
    }

    [Theory]
    [MemberData(nameof(BareNames))]
    public async Task A_file_without_a_configuration_is_complete_where_each_module_has_its_alpha(string pattern)
    {
        var plain = await WeightsAsync("plain", new SmallLora().Files());
        var bare = Bare(pattern, alpha: 4);
        Assert.Equal("lora", (await _storage.PutAsync("bare", bare)).Descriptor.Kind);
        AssertEqual(plain, await WeightsAsync("bare", bare));
    }

    [Fact]
    public async Task What_Unsloth_notes_in_the_configuration_changes_nothing()
    {
        var lora = SmallLora.Make(lora => lora.Config["unsloth_version"] = "2026.1");
        lora.Config["auto_mapping"] = new JsonObject { ["unsloth_fixed"] = true };
        await _storage.PutAsync("unsloth", lora.Files());
    }

    [Theory]
    [InlineData("base_model.model.{path}.lora_A.other.weight", "ambiguous_keys")]
    [InlineData("{path}.lora_A.default.weight", "ambiguous_keys")]
    [InlineData("base_model.model.{path}.lora_down.weight", "ambiguous_keys")]
    [InlineData("base_model.model.{path}.lora_A.weight", "ambiguous_keys")]
    [InlineData("base_model.model.{path}.alpha", "ambiguous_keys")]
    [InlineData("lora_unet_down_blocks_0.lora_down.weight", "diffusion_lora")]
    [InlineData("unet.down_blocks.0.lora.down.weight", "diffusion_lora")]
    [InlineData("base_model.model.{path}.hada_w1_a", "unknown_tensor")]
    public async Task A_name_that_does_not_go_with_the_others_is_refused(string pattern, string code)
    {
        var lora = Renamed("base_model.model.{path}.{factor}.default.weight");
        lora.Tensors[pattern.Replace("{path}", Q0, StringComparison.Ordinal)] = ([2, 8], new float[16]);
        Assert.Equal(code, (await _storage.RefusedAsync(lora.Files())).Code);
    }

    [Theory]
    [InlineData(0f, "scale")]
    [InlineData(float.NaN, "scale")]
    [InlineData(null, "unknown_format")]
    public async Task An_alpha_that_is_none_is_refused(float? alpha, string code) =>
        Assert.Equal(code, (await _storage.RefusedAsync(Bare("lora_{underscored}.{kohya}.weight", alpha))).Code);

    [Theory]
    [InlineData("lora_down.weight", new[] { 2L, 8L, 1L, 1L }, "shape_mismatch")]
    [InlineData("lora_down.weight", new[] { 0L, 8L }, "shape_mismatch")]
    [InlineData("lora_down.weight", new[] { 2L, 9L }, "shape_mismatch")]
    [InlineData("alpha", new[] { 2L }, "shape_mismatch")]
    [InlineData("lora_mid.weight", new[] { 2L, 2L }, "ambiguous_keys")]
    public async Task Tensors_of_other_shapes_are_refused(string part, long[] shape, string code)
    {
        var lora = BareTensors("lora_{underscored}.{kohya}.weight", 4);
        var size = shape.Aggregate(1L, (product, size) => product * size);
        lora.Tensors[$"lora_{Q0.Replace('.', '_')}.{part}"] = (shape, new float[size]);
        Assert.Equal(code, (await _storage.RefusedAsync(new Dictionary<string, byte[]> { ["lora.safetensors"] = lora.Safetensors() })).Code);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    private static SmallLora Renamed(string pattern)
    {
        var lora = new SmallLora();
        foreach (var (name, value) in lora.Tensors.ToList())
        {
            var path = name[SmallLora.Prefix.Length..name.IndexOf(".lora_", StringComparison.Ordinal)];
            var isA = name.Contains("lora_A", StringComparison.Ordinal);
            lora.Tensors.Remove(name);
            lora.Tensors[pattern
                .Replace("{path}", path, StringComparison.Ordinal)
                .Replace("{inner}", path["model.".Length..], StringComparison.Ordinal)
                .Replace("{underscored}", path.Replace('.', '_'), StringComparison.Ordinal)
                .Replace("{underscoredInner}", path["model.".Length..].Replace('.', '_'), StringComparison.Ordinal)
                .Replace("{factor}", isA ? "lora_A" : "lora_B", StringComparison.Ordinal)
                .Replace("{updown}", isA ? "lora.down" : "lora.up", StringComparison.Ordinal)
                .Replace("{kohya}", isA ? "lora_down" : "lora_up", StringComparison.Ordinal)] = value;
        }

        return lora;
    }

    private static SmallLora BareTensors(string pattern, float? alpha)
    {
        var lora = Renamed(pattern);
        foreach (var name in alpha is null ? [] : lora.Tensors.Keys.Where(name => name.Contains("lora_A", StringComparison.Ordinal) || name.Contains("down.weight", StringComparison.Ordinal)).ToList())
        {
            var module = name[..name.LastIndexOf(".lora", StringComparison.Ordinal)];
            lora.Tensors[module + ".alpha"] = ([], [alpha!.Value]);
        }

        return lora;
    }

    private static Dictionary<string, byte[]> Bare(string pattern, float? alpha) => new() { ["lora.safetensors"] = BareTensors(pattern, alpha).Safetensors() };

    private async Task<AdapterWeights> WeightsAsync(string name, Dictionary<string, byte[]> files)
    {
        await _storage.PutAsync(name, files);
        var version = _storage.Catalog.Resolve("acme", name);
        await _storage.Cache.PinAsync(version, TestContext.Current.CancellationToken);
        using var lease = await _storage.Cache.AcquireAsync(version, TestContext.Current.CancellationToken);
        return lease.Weights;
    }

    private static void AssertEqual(AdapterWeights expected, AdapterWeights actual)
    {
        foreach (var site in Bases.Small.Sites)
        {
            Assert.Equal(expected.At(site.Index).Length, actual.At(site.Index).Length);
            if (expected.At(site.Index).Length > 0)
            {
                var x = Enumerable.Range(1, site.InFeatures).Select(i => 1f / i).ToArray();
                var (one, other) = ((LowRankWeights)expected.At(site.Index)[0], (LowRankWeights)actual.At(site.Index)[0]);
                Assert.Equal(one.Scale, other.Scale);
                Assert.Equal(FormRunner.Run(one, x), FormRunner.Run(other, x));
            }
        }
    }
}

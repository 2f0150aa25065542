using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;
using static AdapterServe.AdapterStore.Tests.Support.AdaptedLinear;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft;

/// <summary>The kinds that scale, shift, renormalise or change single weights, and DoRA, from files made here, by their definitions in f64.</summary>
public sealed class VectorKindTests
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private const string Down0 = "model.layers.0.mlp.down_proj";
    private const string Norm0 = "model.layers.0.input_layernorm";

    [Fact]
    public async Task IA3_scales_the_output_or_the_input_by_the_shape_in_the_file()
    {
        var adapter = Adapter("IA3", [Q0, Down0]);
        adapter.Add(Q0 + ".ia3_l", [8, 1]);
        adapter.Add(Down0 + ".ia3_l", [1, 12]);
        await CheckAsync(adapter, "input_scale,output_scale", Bases.Small.FindSite(Q0)!, (x, w, b) => Times(Plus(Product(w, x), b), Values(adapter, Q0 + ".ia3_l")));
        await CheckAsync(adapter, "input_scale,output_scale", Bases.Small.FindSite(Down0)!, (x, w, b) => Plus(Product(w, Times(x, Values(adapter, Down0 + ".ia3_l"))), b));
    }

    [Fact]
    public async Task BEFT_adds_a_bias()
    {
        var adapter = Adapter("BEFT", [Q0]);
        adapter.Add(Q0 + ".beft_bias", [1, 8]);
        await CheckAsync(adapter, "output_bias", Bases.Small.FindSite(Q0)!, (x, w, b) => Plus(Plus(Product(w, x), b), Values(adapter, Q0 + ".beft_bias")));
    }

    [Fact]
    public async Task SHiRA_adds_single_weights()
    {
        var adapter = Adapter("SHIRA", [Q0]);
        adapter.Add(Q0 + ".shira_weight", [3]);
        adapter.Tensors[SmallLora.Prefix + Q0 + ".shira_indices"] = ([2, 3], [0, 5, 7, 1, 4, 0]);
        var values = Values(adapter, Q0 + ".shira_weight");
        await CheckAsync(adapter, "sparse", Bases.Small.FindSite(Q0)!, (x, w, b) =>
        {
            (w[0, 1], w[5, 4], w[7, 0]) = (w[0, 1] + values[0], w[5, 4] + values[1], w[7, 0] + values[2]);
            return Plus(Product(w, x), b);
        });
    }

    [Fact]
    public async Task LN_tuning_replaces_a_norms_weight_whatever_the_bases_is()
    {
        var adapter = Adapter("LN_TUNING", [Norm0]);
        adapter.Add(Norm0 + ".ln_tuning_layers.weight", [8]);
        await CheckAsync(adapter, "rms_norm", Bases.Small.FindSite(Norm0)!, (x, _, _) =>
        {
            var rms = Math.Sqrt((x.Sum(value => value * value) / 8) + 1e-3f);
            return Times(Array.ConvertAll(x, value => value / rms), Values(adapter, Norm0 + ".ln_tuning_layers.weight"));
        });
    }

    [Theory]
    [InlineData(false, "low_rank,output_scale")]
    [InlineData(true, "low_rank,output_scale,output_bias")]
    public async Task DoRA_rescales_each_output_to_its_magnitude_and_leaves_the_bases_bias_alone(bool hasBias, string forms)
    {
        var adapter = new SmallLora();
        adapter.Config["use_dora"] = true;
        adapter.Config["target_modules"] = new JsonArray(Q0);
        foreach (var name in adapter.Tensors.Keys.Where(name => !name.Contains(Q0, StringComparison.Ordinal)).ToList())
        {
            adapter.Tensors.Remove(name);
        }

        adapter.Add(Q0 + ".lora_magnitude_vector", [8]);
        await CheckAsync(adapter, forms, Bases.Small.FindSite(Q0)!, (x, w, b) =>
        {
            var (a, up) = (Values(adapter, Q0 + ".lora_A.weight"), Values(adapter, Q0 + ".lora_B.weight"));
            var gain = Values(adapter, Q0 + ".lora_magnitude_vector");
            for (var o = 0; o < 8; o++)
            {
                for (var h = 0; h < 8; h++)
                {
                    w[o, h] += 2 * ((up[2 * o] * a[h]) + (up[(2 * o) + 1] * a[8 + h]));
                }

                gain[o] /= Math.Sqrt(Enumerable.Range(0, 8).Sum(h => w[o, h] * w[o, h]));
            }

            return Plus(Times(Product(w, x), gain), b);
        }, hasBias);
    }

    [Fact]
    public async Task A_bias_behind_B_is_scaled_with_it()
    {
        var adapter = new SmallLora();
        adapter.Config["lora_bias"] = true;
        foreach (var name in adapter.Tensors.Keys.Where(name => name.EndsWith("B.weight", StringComparison.Ordinal)).ToList())
        {
            var path = name[SmallLora.Prefix.Length..^".lora_B.weight".Length];
            adapter.Add(path + ".lora_B.bias", [path.EndsWith("q_proj", StringComparison.Ordinal) ? 8 : 4]);
        }

        using var folder = new TestFolder();
        using var storage = folder.Open();
        await storage.PutAsync("adapter", adapter.Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "adapter"), TestContext.Current.CancellationToken);
        var bias = Assert.IsType<VectorWeights>(lease.Weights.At(Bases.Small.FindSite(Q0)!.Index)[1]);
        Assert.Equal(Values(adapter, Q0 + ".lora_B.bias").Select(value => (float)(2 * value)), FormRunner.Run(bias, new float[8]));
    }

    [Theory]
    [InlineData("IA3", ".ia3_l", new[] { 8L }, "shape_mismatch")]
    [InlineData("IA3", ".ia3_l", new[] { 9L, 1L }, "shape_mismatch")]
    [InlineData("IA3", ".ia3_m", new[] { 8L, 1L }, "unknown_tensor")]
    [InlineData("BEFT", ".beft_bias", new[] { 8L }, "shape_mismatch")]
    [InlineData("LN_TUNING", ".ln_tuning_layers.weight", new[] { 8L }, "unknown_module")]
    [InlineData("SHIRA", ".shira_weight", new[] { 3L }, "missing_modules")]
    [InlineData("SHIRA", ".shira_weight", new[] { 65L }, "missing_modules")]
    public async Task A_tensor_that_does_not_fit_is_refused_with_its_own_code(string type, string suffix, long[] shape, string code)
    {
        var adapter = Adapter(type, [Q0]);
        adapter.Add(Q0 + suffix, shape);
        await RefuseAsync(adapter, code);
    }

    [Theory]
    [InlineData(8f, 0f)]
    [InlineData(0f, 8f)]
    [InlineData(-1f, 0f)]
    [InlineData(0.5f, 0f)]
    public async Task A_sparse_weight_outside_of_the_matrix_is_refused(float row, float column)
    {
        var adapter = Adapter("SHIRA", [Q0]);
        adapter.Add(Q0 + ".shira_weight", [1]);
        adapter.Tensors[SmallLora.Prefix + Q0 + ".shira_indices"] = ([2, 1], [row, column]);
        await RefuseAsync(adapter, "index_range");
    }

    [Fact]
    public async Task Configuration_and_file_must_agree()
    {
        var adapter = Adapter("BEFT", [Q0, Down0]);
        adapter.Add(Q0 + ".beft_bias", [1, 8]);
        await RefuseAsync(adapter, "missing_modules");
        adapter.Config["target_modules"] = new JsonArray(Down0);
        adapter.Add(Down0 + ".beft_bias", [1, 8]);
        await RefuseAsync(adapter, "surplus_modules");
        adapter.Config["target_modules"] = new JsonArray(Q0, Down0);
        adapter.Config["modules_to_save"] = new JsonArray("lm_head");
        await RefuseAsync(adapter, "modules_to_save");
        adapter.Config.Remove("modules_to_save");
        adapter.Config["strength"] = 2;
        await RefuseAsync(adapter, "unknown_option");
        adapter.Config.Remove("strength");
        adapter.Tensors[SmallLora.Prefix + Q0 + ".beft_bias"].Values[3] = float.NaN;
        await RefuseAsync(adapter, "not_finite");
        adapter.Tensors.Clear();
        adapter.Config.Remove("target_modules");
        adapter.Tensors["x"] = ([1], [0]);
        await RefuseAsync(adapter, "unknown_tensor");
    }

    [Fact]
    public async Task Kinds_that_need_the_bases_weights_are_refused_without_them()
    {
        var adapter = Adapter("LN_TUNING", [Norm0]);
        adapter.Add(Norm0 + ".ln_tuning_layers.weight", [8]);
        using var folder = new TestFolder();
        using var storage = folder.Open();
        Assert.Equal("base_weights", (await storage.RefusedAsync(adapter.Files())).Code);
    }

    private static SmallLora Adapter(string type, string[] targets)
    {
        var adapter = new SmallLora();
        adapter.Tensors.Clear();
        adapter.Config.Clear();
        adapter.Config["peft_type"] = type;
        adapter.Config["target_modules"] = new JsonArray([.. targets.Select(target => JsonValue.Create(target))]);
        return adapter;
    }

    private static async Task RefuseAsync(SmallLora adapter, string code)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: false));
        var refused = await storage.RefusedAsync(adapter.Files());
        Assert.Equal((AdapterErrorKind.Unservable, code), (refused.Kind, refused.Code));
    }

    private static async Task CheckAsync(SmallLora adapter, string forms, Site site, Func<double[], double[,], double[], double[]> define, bool hasBias = true)
    {
        var (y, names) = await AdaptedLinear.RunAsync(adapter.Files(), site, hasBias);
        Assert.Equal(forms, names);
        var (w, b) = AdaptedLinear.Base(site, hasBias);
        AdaptedLinear.AssertClose(define(AdaptedLinear.Input(site), w, b), y);
    }

    private static double[] Values(SmallLora adapter, string name) => Array.ConvertAll(adapter.Tensors[SmallLora.Prefix + name].Values, value => (double)value);
}

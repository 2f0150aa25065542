using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Support.AdaptedLinear;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

/// <summary>MoRA's gated ranks and structured pruning adapters, by their definitions in f64.</summary>
public sealed class GatedAndPrunedTests
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private const string Down0 = "model.layers.0.mlp.down_proj";
    private static readonly int[] s_inputs = [0, 2, 3, 7, 11];
    private static readonly int[] s_outputs = [1, 2, 6];

    [Fact]
    public async Task Ranks_switch_themselves_on_by_their_own_activation()
    {
        var adapter = Gated();
        var site = Bases.Small.FindSite(Q0)!;
        var (down, up, x) = (adapter.Tensors[Q0 + ".lora_A.weight"].Values, adapter.Tensors[Q0 + ".lora_B.weight"].Values, Input(site));
        var a = Enumerable.Range(0, 4).Select(r => Enumerable.Range(0, 8).Sum(h => down[(r * 8) + h] * x[h])).ToArray();
        var length = Math.Sqrt(a.Sum(value => value * value));
        var weights = a.Select(value => Math.Exp(value / length / 0.5)).ToArray();
        var kept = Enumerable.Range(0, 4).OrderByDescending(r => weights[r]).Take(3).Where(r => a[r] / length >= 0.1).ToArray();
        var (w, b) = Base(site, hasBias: true);
        var (y, forms) = await RunAsync(Files(adapter), site, hasBias: true);
        Assert.Equal("low_rank", forms);
        AssertClose(Plus(Plus(Product(w, x), b), [.. Enumerable.Range(0, 8).Select(o => kept.Sum(r => up[(o * 4) + r] * weights[r] / weights.Sum() * a[r]))]), y);
    }

    [Theory]
    [InlineData("tau", 0.0, "option_range")]
    [InlineData("tau", -1.0, "option_range")]
    [InlineData("tau", 1e300, "option_range")]
    [InlineData("tau", 1e-300, "option_range")]
    [InlineData("delta", 1e300, "option_range")]
    [InlineData("top_k", 5.0, "option_range")]
    [InlineData("top_k", 0.0, "option_range")]
    [InlineData("rank", 2000.0, "option_range")]
    [InlineData("rank", 5.0, "shape_mismatch")]
    [InlineData("renormalise", 1.0, "unknown_option")]
    public async Task A_gate_that_does_not_fit_is_refused(string key, double value, string code)
    {
        var adapter = Gated();
        adapter.Config[key] = value == Math.Floor(value) && Math.Abs(value) < 1e9 ? JsonValue.Create((int)value) : JsonValue.Create(value);
        await RefuseAsync(adapter, code);
    }

    [Fact]
    public async Task Gated_ranks_without_half_of_their_tensors_or_targets_are_refused()
    {
        var adapter = Gated();
        adapter.Tensors.Remove(Q0 + ".lora_B.weight");
        await RefuseAsync(adapter, "missing_tensors");
        adapter = Gated();
        adapter.Config["target_modules"] = new JsonArray(Q0, Down0);
        await RefuseAsync(adapter, "missing_modules");
        adapter = Gated();
        adapter.Config["target_modules"] = new JsonArray();
        await RefuseAsync(adapter, "surplus_modules");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pruned_inputs_and_outputs_are_zero_and_the_bias_takes_the_bases_place(bool hasBias)
    {
        var adapter = Pruned();
        var site = Bases.Small.FindSite(Down0)!;
        var (rows, cols, bias, x) = (Values(adapter, "rows"), Values(adapter, "cols"), Values(adapter, "bias"), Input(site));
        var w = Base(site, hasBias).W;
        var expected = new double[8];
        for (var o = 0; o < 3; o++)
        {
            expected[s_outputs[o]] = bias[o] + s_inputs.Select((place, i) => (w[s_outputs[o], place] + (cols[2 * o] * rows[i]) + (cols[(2 * o) + 1] * rows[5 + i])) * x[place]).Sum();
        }

        var (y, forms) = await RunAsync(Files(adapter), site, hasBias);
        Assert.Equal("input_scale,low_rank,output_scale,output_bias", forms);
        AssertClose(expected, y);
        Assert.All(Enumerable.Range(0, 8).Except(s_outputs), o => Assert.Equal(0, y[o]));
    }

    [Fact]
    public async Task Masks_that_keep_everything_need_no_form()
    {
        var adapter = Pruned([.. Enumerable.Range(0, 12)], [.. Enumerable.Range(0, 8)]);
        Assert.Equal("low_rank,output_bias", (await RunAsync(Files(adapter), Bases.Small.FindSite(Down0)!, hasBias: true)).Forms);
    }

    [Fact]
    public async Task Masks_that_keep_nothing_leave_zeros()
    {
        var adapter = Pruned([], []);
        Assert.Equal(new float[8], (await RunAsync(Files(adapter), Bases.Small.FindSite(Down0)!, hasBias: true)).Y);
    }

    [Theory]
    [InlineData("in_mask", new long[] { 11 }, "shape_mismatch")]
    [InlineData("rows", new long[] { 1, 2, 6 }, "shape_mismatch")]
    [InlineData("cols", new long[] { 1, 4, 2 }, "shape_mismatch")]
    [InlineData("bias", new long[] { 8 }, "shape_mismatch")]
    [InlineData("weight", new long[] { 8 }, "unknown_tensor")]
    public async Task Pruned_modules_whose_tensors_do_not_fit_their_masks_are_refused(string part, long[] shape, string code)
    {
        var adapter = Pruned();
        adapter.Tensors[$"{Down0}.{part}"] = (shape, new float[shape.Aggregate(1L, (a, b) => a * b)]);
        await RefuseAsync(adapter, code);
    }

    [Fact]
    public async Task A_mask_of_other_values_than_zero_and_one_is_refused()
    {
        var adapter = Pruned();
        adapter.Tensors[Down0 + ".out_mask"].Values[4] = 2;
        await RefuseAsync(adapter, "mask");
    }

    private static double[] Values(SmallLora adapter, string part) => Array.ConvertAll(adapter.Tensors[$"{Down0}.{part}"].Values, value => (double)value);

    private static SmallLora Gated()
    {
        var adapter = Empty(new()
        {
            ["adapter_type"] = "mora-self-activated", ["rank"] = 4, ["tau"] = 0.5, ["top_k"] = 3, ["delta"] = 0.1, ["task_ranks"] = new JsonArray(2, 2), ["target_modules"] = new JsonArray(Q0),
        });
        Add(adapter, Q0 + ".lora_A.weight", [4, 8]);
        Add(adapter, Q0 + ".lora_B.weight", [8, 4]);
        return adapter;
    }

    private static SmallLora Pruned(int[]? inputs = null, int[]? outputs = null)
    {
        var adapter = Empty(new() { ["adapter_type"] = "splora", ["rank"] = 2, ["kept_channels"] = 5 });
        var (kept, put) = (inputs ?? s_inputs, outputs ?? s_outputs);
        Add(adapter, Down0 + ".rows", [1, 2, kept.Length]);
        Add(adapter, Down0 + ".cols", [1, put.Length, 2]);
        Add(adapter, Down0 + ".bias", [put.Length]);
        adapter.Tensors[Down0 + ".in_mask"] = ([12], [.. Enumerable.Range(0, 12).Select(i => kept.Contains(i) ? 1f : 0f)]);
        adapter.Tensors[Down0 + ".out_mask"] = ([8], [.. Enumerable.Range(0, 8).Select(i => put.Contains(i) ? 1f : 0f)]);
        return adapter;
    }

    private static SmallLora Empty(JsonObject config)
    {
        var adapter = new SmallLora();
        adapter.Tensors.Clear();
        adapter.Config.Clear();
        foreach (var (key, value) in config.ToList())
        {
            config.Remove(key);
            adapter.Config[key] = value;
        }

        return adapter;
    }

    private static void Add(SmallLora adapter, string name, long[] shape)
    {
        adapter.Add(name, shape, shape.Length);
        adapter.Tensors[name] = adapter.Tensors[SmallLora.Prefix + name];
        adapter.Remove(name);
    }

    /// <summary>Masks are bytes.</summary>
    private static Dictionary<string, byte[]> Files(SmallLora adapter)
    {
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, adapter.Tensors.Select(tensor => new SafetensorsEntry(
            tensor.Key, tensor.Key.EndsWith("mask", StringComparison.Ordinal) ? SafetensorsType.U8 : SafetensorsType.F32, [.. tensor.Value.Shape])));
        foreach (var (name, (_, values)) in adapter.Tensors)
        {
            if (name.EndsWith("mask", StringComparison.Ordinal))
            {
                writer.Write(Array.ConvertAll(values, value => (byte)value));
            }
            else
            {
                writer.Write(values);
            }
        }

        writer.Complete();
        var files = adapter.Files();
        files["adapter_model.safetensors"] = stream.ToArray();
        return files;
    }

    private static async Task RefuseAsync(SmallLora adapter, string code)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: true));
        var refused = await storage.RefusedAsync(Files(adapter));
        Assert.Equal((AdapterErrorKind.Unservable, code), (refused.Kind, refused.Code));
    }
}

using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Composition.Blocks;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.AdapterHub;

/// <summary>What small files of the adapters library do, against their formulas written out.</summary>
public sealed class HubFormulaTests
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private const int Hidden = SmallHub.Hidden;
    private static readonly float[] X = SmallHub.Values("x", Hidden);
    private static readonly float[] Y = SmallHub.Values("yy", Hidden);

    [Theory]
    [InlineData("adapters.1.3.0", 3)]
    [InlineData("adapters.1.1.0", 3)]
    [InlineData("adapters.1.1.0.dev0", 1)]
    [InlineData("adapters.1.0.1", 1)]
    [InlineData("3.2.1", 3)]
    public async Task A_LoRA_of_an_old_version_was_trained_with_the_factor_1(string version, double scale)
    {
        var hub = SmallHub.Lora(hub => hub.Root["version"] = version);
        AssertClose(await hub.ApplyAsync(Q0, X, Y), Add(Y, Times(scale, Multiply(hub[Q0 + ".loras.me.lora_B"], Multiply(hub[Q0 + ".loras.me.lora_A"], Wide(X))))));
    }

    [Fact]
    public async Task DoRA_scales_the_whole_output_by_m_over_a_norm_without_the_factor()
    {
        var hub = SmallHub.Lora(hub =>
        {
            hub.Config["use_dora"] = true;
            hub.Add(Q0 + ".loras.me.m.weight", Hidden, 1);
            hub.Add("model.layers.1.self_attn.q_proj.loras.me.m.weight", Hidden, 1);
        });
        var baseModel = MadeBaseWeights.Small(hasBias: true);
        var (a, b) = (hub[Q0 + ".loras.me.lora_A"], hub[Q0 + ".loras.me.lora_B"]);
        var weight = new float[Hidden * Hidden];
        baseModel.Weights!.Read(baseModel.FindSite(Q0)!, weight);
        var expected = Add(Y, Times(3, Multiply(b, Multiply(a, Wide(X))))).Select((value, row) => value * hub[Q0 + ".loras.me.m.weight"][row] / Math.Sqrt(Enumerable.Range(0, Hidden).Sum(
            column => Math.Pow(weight[(row * Hidden) + column] + (b[row * 2] * (double)a[column]) + (b[(row * 2) + 1] * (double)a[Hidden + column]), 2))));
        AssertClose(await hub.ApplyAsync(Q0, X, Y, baseModel), [.. expected]);
    }

    [Fact]
    public async Task IA3_scales_the_output_by_alpha_times_its_vector()
    {
        var hub = SmallHub.Lora(hub =>
        {
            hub.Root["config"] = new JsonObject { ["architecture"] = "lora", ["composition_mode"] = "scale", ["r"] = 1, ["alpha"] = 2, ["selfattn_lora"] = false, ["output_lora"] = true };
            hub.Tensors.Clear();
            hub.Add("model.layers.0.mlp.up_proj.loras.me.lora_B", 12, 1);
            hub.Add("model.layers.1.mlp.up_proj.loras.me.lora_B", 12, 1);
        });
        var y = SmallHub.Values("wide", 12);
        AssertClose(await hub.ApplyAsync("model.layers.0.mlp.up_proj", X, y), [.. y.Zip(hub["model.layers.0.mlp.up_proj.loras.me.lora_B"], (value, l) => 2.0 * value * l)]);
    }

    [Fact]
    public async Task VeRA_multiplies_shared_factors_by_matrices_of_its_own()
    {
        var hub = SmallHub.Lora(hub =>
        {
            (hub.Config["vera_d"], hub.Config["vera_b"]) = (0.1, 0.0);
            hub.Tensors.Clear();
            hub.Add("model.shared_parameters.me.lora_A", 2, Hidden);
            hub.Add("model.shared_parameters.me.lora_B", Hidden, 2);
            foreach (var layer in new[] { 0, 1 })
            {
                hub.Add($"model.layers.{layer}.self_attn.q_proj.loras.me.vera_D", 2, 2);
                hub.Add($"model.layers.{layer}.self_attn.q_proj.loras.me.vera_B", Hidden, Hidden);
            }
        });
        var delta = Multiply(
            hub[Q0 + ".loras.me.vera_B"],
            Multiply(hub["model.shared_parameters.me.lora_B"], Multiply(hub[Q0 + ".loras.me.vera_D"], Multiply(hub["model.shared_parameters.me.lora_A"], Wide(X)))));
        AssertClose(await hub.ApplyAsync(Q0, X, Y), Add(Y, Times(3, delta)));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_bottleneck_reads_the_sum_the_output_or_the_residual(bool addsBefore, bool isParallel)
    {
        var hub = SmallHub.Bottleneck(hub => (hub.Config["original_ln_before"], hub.Config["is_parallel"], hub.Config["scaling"]) = (addsBefore, isParallel, 4.0));
        var h = isParallel ? Wide(X) : addsBefore ? Add(X, Wide(Y)) : Wide(Y);
        AssertClose(await hub.ApplyAsync(SmallHub.Mlp0, X, Y), Add(Y, Times(4, Bottleneck(hub, h, value => Math.Max(value, 0)))));
    }

    [Theory]
    [InlineData("adapters.1.3.0", "gelu_new")]
    [InlineData(null, "gelu")]
    public async Task A_file_without_a_version_calls_the_tanh_approximation_gelu(string? version, string name)
    {
        var hub = SmallHub.Bottleneck(hub => (hub.Root["version"], hub.Config["non_linearity"]) = (version, name));
        if (version is null)
        {
            hub.Root.Remove("version");
        }

        AssertClose(
            await hub.ApplyAsync(SmallHub.Mlp0, X, Y),
            Add(Y, Bottleneck(hub, Add(X, Wide(Y)), value => 0.5 * value * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (value + (0.044715 * value * value * value)))))));
    }

    [Fact]
    public async Task A_norm_behind_the_residual_norms_the_whole_output()
    {
        var hub = SmallHub.Bottleneck(hub =>
        {
            (hub.Config["ln_after"], hub.Config["adapter_residual_before_ln"], hub.Config["scaling"]) = (true, true, "learned");
            foreach (var layer in new[] { 0, 1 })
            {
                hub.Add(SmallHub.Location(layer) + "adapter_norm_after.weight", Hidden);
                hub.Add(SmallHub.Location(layer) + "adapter_norm_after.bias", Hidden);
                hub.Add(SmallHub.Location(layer) + "scaling", 1);
            }
        });
        var name = SmallHub.Location(0);
        var sum = Add(Y, Times(hub[name + "scaling"][0], Bottleneck(hub, Add(X, Wide(Y)), value => Math.Max(value, 0))));
        var deviation = Math.Sqrt(sum.Average(value => Math.Pow(value - sum.Average(), 2)) + 1e-5);
        AssertClose(
            await hub.ApplyAsync(SmallHub.Mlp0, X, Y),
            [.. sum.Select((value, i) => (hub[name + "adapter_norm_after.weight"][i] * (value - sum.Average()) / deviation) + hub[name + "adapter_norm_after.bias"][i])]);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Hypercomplex_layers_are_sums_of_Kronecker_products(bool isFactorised, bool isShared)
    {
        const int n = 2;
        var hub = SmallHub.Bottleneck(hub =>
        {
            hub.Tensors.Clear();
            (hub.Config["phm_layer"], hub.Config["phm_dim"], hub.Config["phm_bias"]) = (true, n, false);
            (hub.Config["factorized_phm_W"], hub.Config["factorized_phm_rule"], hub.Config["shared_phm_rule"]) = (isFactorised, isFactorised, isShared);
            foreach (var (name, rows, columns) in new[] { 0, 1 }.SelectMany(layer => new[] { (SmallHub.Location(layer) + "adapter_down.0.", 4, 2), (SmallHub.Location(layer) + "adapter_up.", 2, 4) }))
            {
                Part(hub, name + "W", rows, columns, isFactorised);
                Part(hub, isShared ? "model.shared_parameters.me.phm_rule" : name + "phm_rule", n, n, isFactorised);
            }
        });
        var down = Kronecker(hub, SmallHub.Location(0) + "adapter_down.0.", isFactorised, isShared, 4, 2);
        var up = Kronecker(hub, SmallHub.Location(0) + "adapter_up.", isFactorised, isShared, 2, 4);
        AssertClose(await hub.ApplyAsync(SmallHub.Mlp0, X, Y), Add(Y, up(Array.ConvertAll(down(Add(X, Wide(Y))), value => Math.Max(value, 0)))));

        static void Part(SmallHub hub, string name, int rows, int columns, bool isFactorised)
        {
            hub.Add(isFactorised ? name + "_left" : name, isFactorised ? [n, rows, 1] : [n, rows, columns]);
            if (isFactorised)
            {
                hub.Add(name + "_right", n, 1, columns);
            }
        }
    }

    [Theory]
    [InlineData("LlamaAdapterModel", true)]
    [InlineData("LlamaForCausalLM", false)]
    public async Task An_invertible_adapter_is_undone_before_a_flexible_head_alone(string modelClass, bool hasInverse)
    {
        var hub = SmallHub.Bottleneck(hub =>
        {
            (hub.Config["inv_adapter"], hub.Config["inv_adapter_reduction_factor"], hub.Root["model_class"]) = ("nice", 2, modelClass);
            foreach (var half in new[] { "F", "G" })
            {
                hub.Add($"model.invertible_adapters.me.{half}.0.weight", 2, 4);
                hub.Add($"model.invertible_adapters.me.{half}.0.bias", 2);
                hub.Add($"model.invertible_adapters.me.{half}.2.weight", 4, 2);
                hub.Add($"model.invertible_adapters.me.{half}.2.bias", 4);
            }
        });
        var first = Add(Y[..4], Half(hub, "F", Wide(Y[4..])));
        double[] expected = [.. first, .. Add(Y[4..], Half(hub, "G", first))];
        AssertClose(await hub.ApplyAsync("model.embed_tokens", X, Y), expected);
        AssertClose(await hub.ApplyAsync("model.norm", X, Array.ConvertAll(expected, value => (float)value)), hasInverse ? Wide(Y) : expected);
    }

    [Fact]
    public async Task A_head_equal_to_the_bases_is_left_out_and_another_one_replaces_it()
    {
        var baseModel = MadeBaseWeights.Small(hasBias: false);
        var head = baseModel.FindSite("lm_head")!;
        var copy = new float[head.OutFeatures * head.InFeatures];
        baseModel.Weights!.Read(head, copy);
        var hub = SmallHub.Bottleneck(hub =>
        {
            hub.HeadConfig = new JsonObject { ["config"] = null, ["model_class"] = "LlamaForCausalLM", ["name"] = null };
            hub.Head["lm_head.weight"] = ([16, 8], copy);
        });
        var y = SmallHub.Values("logits", 16);
        AssertClose(await hub.ApplyAsync("lm_head", X, y, baseModel), Wide(y));

        copy[3] += 0.5f;
        AssertClose(await hub.ApplyAsync("lm_head", X, y, baseModel), Multiply(copy, Wide(X)));
    }

    [Fact]
    public async Task A_flexible_head_may_have_a_bias()
    {
        var hub = SmallHub.Bottleneck(hub =>
        {
            hub.HeadConfig = new JsonObject
            {
                ["config"] = new JsonObject { ["head_type"] = "causal_lm", ["layers"] = 1, ["bias"] = true, ["vocab_size"] = 16, ["embedding_size"] = 8 },
                ["model_class"] = "LlamaAdapterModel", ["name"] = "mine",
            };
            hub.Head["heads.mine.0.weight"] = ([16, 8], SmallHub.Values("head", 16, 8));
            hub.Head["heads.mine.0.bias"] = ([16], SmallHub.Values("bias", 16));
        });
        AssertClose(
            await hub.ApplyAsync("lm_head", X, new float[16]), Add(hub.Head["heads.mine.0.bias"].Values, Multiply(hub.Head["heads.mine.0.weight"].Values, Wide(X))));
    }

    [Fact]
    public async Task Old_files_name_their_configuration_their_layers_and_leave_out_the_models_prefix()
    {
        var hub = SmallHub.Bottleneck(hub =>
        {
            hub.Root["config"] = "pfeiffer";
            hub.Tensors.Clear();
            foreach (var layer in new[] { 0, 1 })
            {
                hub.Add($"layers.{layer}.output_adapters.layer_text_task_adapters.me.adapter_down.0.weight", 1, Hidden);
                hub.Add($"layers.{layer}.output_adapters.layer_text_task_adapters.me.adapter_down.0.bias", 1);
                hub.Add($"layers.{layer}.output_adapters.layer_text_task_adapters.me.adapter_up.weight", Hidden, 1);
                hub.Add($"layers.{layer}.output_adapters.layer_text_task_adapters.me.adapter_up.bias", Hidden);
            }
        });
        var expected = Bottleneck(hub, Add(X, Wide(Y)), value => Math.Max(value, 0), "layers.0.output_adapters.layer_text_task_adapters.me.");
        AssertClose(await hub.ApplyAsync(SmallHub.Mlp0, X, Y), Add(Y, expected));
    }

    [Fact]
    public async Task An_average_within_a_stack_reads_what_the_adapter_before_it_left()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        SmallHub[] hubs = [Scaled(1), Scaled(-0.5f), Scaled(0.25f)];
        var blocks = new List<SingleBlock>();
        foreach (var (hub, name) in hubs.Zip(["a", "b", "c"]))
        {
            await storage.PutAsync(name, hub.Files());
            blocks.Add(new SingleBlock(name, storage.Catalog.Resolve("acme", name)));
        }

        using var lease = await storage.Compositions.AcquireAsync(
            new StackBlock([blocks[0], new AverageBlock([blocks[1], blocks[2]], [0.3, 0.7])]), TestContext.Current.CancellationToken);
        var first = Add(Y, Bottleneck(hubs[0], Add(X, Wide(Y)), Relu));
        var h = Add(X, first);
        var expected = Sum(Times(0.15, Sum(first, Bottleneck(hubs[1], h, Relu))), Times(0.35, Sum(first, Bottleneck(hubs[2], h, Relu))));
        AssertClose(SmallHub.Apply(lease.Weights, Bases.Small.FindSite(SmallHub.Mlp0)!, X, Y), expected);

        static double Relu(double value) => Math.Max(value, 0);

        static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

        static SmallHub Scaled(float factor) => SmallHub.Bottleneck(hub =>
        {
            foreach (var (_, values) in hub.Tensors.Values)
            {
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] *= factor;
                }
            }
        });
    }

    private static double[] Bottleneck(SmallHub hub, double[] h, Func<double, double> activation, string? name = null)
    {
        name ??= SmallHub.Location(0);
        var inner = Add(hub[name + "adapter_down.0.bias"], Multiply(hub[name + "adapter_down.0.weight"], h));
        return Add(hub[name + "adapter_up.bias"], Multiply(hub[name + "adapter_up.weight"], [.. inner.Select(activation)]));
    }

    private static double[] Half(SmallHub hub, string half, double[] x)
    {
        var name = $"model.invertible_adapters.me.{half}.";
        var inner = Add(hub[name + "0.bias"], Multiply(hub[name + "0.weight"], x));
        return Add(hub[name + "2.bias"], Multiply(hub[name + "2.weight"], [.. inner.Select(value => Math.Max(value, 0))]));
    }

    /// <summary>x → x Σ R_i ⊗ W_i.</summary>
    private static Func<double[], double[]> Kronecker(SmallHub hub, string name, bool isFactorised, bool isShared, int rows, int columns)
    {
        var rule = Terms(hub, isShared ? "model.shared_parameters.me.phm_rule" : name + "phm_rule", isFactorised, 2, 2);
        var weight = Terms(hub, name + "W", isFactorised, rows, columns);
        return x =>
        {
            var y = new double[2 * columns];
            for (var (i, o) = (0, 0); i < 2; (i, o) = o == y.Length - 1 ? (i + 1, 0) : (i, o + 1))
            {
                for (var h = 0; h < x.Length; h++)
                {
                    y[o] += x[h] * rule(i, h / rows, o / columns) * weight(i, h % rows, o % columns);
                }
            }

            return y;
        };
    }

    private static Func<int, int, int, double> Terms(SmallHub hub, string name, bool isFactorised, int rows, int columns) => isFactorised
        ? (i, row, column) => (double)hub[name + "_left"][(i * rows) + row] * hub[name + "_right"][(i * columns) + column]
        : (i, row, column) => hub[name][(((i * rows) + row) * columns) + column];

    private static double[] Multiply(float[] matrix, double[] x) => [.. matrix.Chunk(x.Length).Select(row => row.Zip(x, (w, value) => w * value).Sum())];

    private static double[] Add(float[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[] Times(double factor, double[] values) => Array.ConvertAll(values, value => factor * value);

    private static double[] Wide(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static void AssertClose(double[] actual, double[] expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.InRange(actual[i] - expected[i], -Tolerances.SmallDelta * (1 + Math.Abs(expected[i])), Tolerances.SmallDelta * (1 + Math.Abs(expected[i])));
        }
    }
}

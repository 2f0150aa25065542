using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Tests.Formats.Containers;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Composition;

/// <summary>Sums of made adapters on the small base, against the terms' definitions in f64.</summary>
public sealed class WeightedSumTests : IDisposable
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private const string V1 = "model.layers.1.self_attn.v_proj";
    private const string Norm0 = "model.layers.0.input_layernorm";

    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _storage;

    public WeightedSumTests() => _storage = _folder.Open(MadeBaseWeights.Small(hasBias: false));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Terms_of_every_kind_and_adapter_are_added_with_their_weights()
    {
        var (first, second) = (new SmallLora(1), new SmallLora(2));
        first.Config["lora_alpha"] = 6;
        var shira = Other("SHIRA");
        shira.Add(Q0 + ".shira_weight", [3]);
        shira.Tensors[SmallLora.Prefix + Q0 + ".shira_indices"] = ([2, 3], [0, 5, 7, 1, 4, 0]);
        var beft = Other("BEFT");
        beft.Add(Q0 + ".beft_bias", [1, 8]);
        await _storage.PutAsync("first", first.Files());
        await _storage.PutAsync("second", second.Files());
        await _storage.PutAsync("shira", shira.Files());
        await _storage.PutAsync("beft", beft.Files());

        using var lease = await AcquireAsync(("first", 0.7), ("second", -0.3), ("shira", 2), ("beft", 0.25), ("first", 0.1));

        var x = RandomRow(8);
        var expected = new double[8];
        AddLora(expected, first, Q0, 3 * 0.8, x);
        AddLora(expected, second, Q0, 2 * -0.3, x);
        var sparse = Values(shira, Q0 + ".shira_weight");
        expected[0] += 2 * sparse[0] * x[1];
        expected[5] += 2 * sparse[1] * x[4];
        expected[7] += 2 * sparse[2] * x[0];
        for (var i = 0; i < 8; i++)
        {
            expected[i] += 0.25 * Values(beft, Q0 + ".beft_bias")[i];
        }

        AssertClose(expected, Apply(lease.Weights, Q0, x, 8));
        Assert.Equal(
            [FormKind.LowRank, FormKind.LowRank, FormKind.LowRank, FormKind.Sparse, FormKind.OutputBias],
            lease.Weights.At(_storage.BaseModel.FindSite(Q0)!.Index).ToArray().Select(form => form.Form));
        var other = new double[4];
        AddLora(other, first, V1, 3 * 0.8, x);
        AddLora(other, second, V1, 2 * -0.3, x);
        AssertClose(other, Apply(lease.Weights, V1, x, 4));
    }

    [Fact]
    public async Task A_sum_takes_no_memory_of_its_own()
    {
        await _storage.PutAsync("first", new SmallLora(1).Files());
        await _storage.PutAsync("second", new SmallLora(2).Files());
        using var lease = await AcquireAsync(("first", 0.7), ("second", 0.3));
        Assert.Equal(0, lease.Weights.Bytes);
        Assert.Equal(_storage.Catalog.List("acme").Sum(adapter => adapter.WeightBytes), _storage.Cache.Statistics.PinnedBytes);
    }

    [Theory]
    [InlineData("dora", 1.0, false)]
    [InlineData("ia3", 1.0, false)]
    [InlineData("ia3", 1.0, true)]
    [InlineData("norm", 1.0, true)]
    [InlineData("norm", 0.5, true)]
    public async Task A_form_that_is_no_added_term_is_taken_only_alone_at_its_site_and_with_weight_1(string kind, double weight, bool elsewhere)
    {
        await _storage.PutAsync(kind, NotAdditive(kind).Files());
        var lora = new SmallLora();
        if (elsewhere)
        {
            lora = SmallLora.Make(other =>
            {
                other.Tensors.Clear();
                other.Config["target_modules"] = new JsonArray("k_proj");
                other.AddPair("model.layers.0.self_attn.k_proj", 2, 8, 4);
                other.AddPair("model.layers.1.self_attn.k_proj", 2, 8, 4);
            });
        }

        await _storage.PutAsync("lora", lora.Files());
        if (elsewhere && weight == 1)
        {
            using var mixed = await AcquireAsync((kind, weight), ("lora", 0.5));
            using var alone = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", kind), Cancellation);
            var site = _storage.BaseModel.FindSite(kind == "norm" ? Norm0 : Q0)!.Index;
            Assert.Equal(alone.Weights.At(site).ToArray(), mixed.Weights.At(site).ToArray());
        }
        else
        {
            var error = await Assert.ThrowsAsync<AdapterStoreException>(() => AcquireAsync((kind, weight), ("lora", 0.5)));
            Assert.Equal((AdapterErrorKind.Unservable, "not_additive"), (error.Kind, error.Code));
            Assert.Contains($"'{kind}'", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, _storage.Cache.Statistics.PinnedBytes);
    }

    [Fact]
    public async Task Bottlenecks_that_read_the_base_are_added_with_their_weights_and_one_of_them_may_keep_a_state()
    {
        var network = _storage.BaseModel.FindSite("model.layers.0.mlp")!.Index;
        await _storage.PutAsync("bits", SmallContainer.OneBit("adaptformer").Files());
        await _storage.PutAsync("mosa", SmallContainer.Mosa().Files());
        await _storage.PutAsync("convolution", SmallContainer.Convolution().Files());
        using var mixed = await AcquireAsync(("bits", 0.5), ("mosa", -2));
        using var bits = await AcquireAsync(("bits", 1));
        using var mosa = await AcquireAsync(("mosa", 1));
        var x = RandomRow(8);
        var (first, second) = (FormRunner.Run(bits.Weights.At(network)[0], x), FormRunner.Run(mosa.Weights.At(network)[0], x));
        AssertClose([.. first.Zip(second, (a, b) => (0.5 * a) - (2.0 * b))], Sum(mixed.Weights.At(network).ToArray(), x));

        using var withState = await AcquireAsync(("bits", 0.5), ("convolution", 0.25));
        using var convolution = await AcquireAsync(("convolution", 1));
        Assert.NotEqual(0, convolution.Weights.SequenceStateBytes);
        Assert.Equal(convolution.Weights.SequenceStateBytes, withState.Weights.SequenceStateBytes);
        var error = await Assert.ThrowsAsync<AdapterStoreException>(() => AcquireAsync(("convolution", 0.25), ("bits", 1), ("convolution", 0.5)));
        Assert.Equal((AdapterErrorKind.Unservable, "not_additive"), (error.Kind, error.Code));

        static float[] Sum(FormWeights[] forms, float[] x)
        {
            var y = new float[8];
            Array.ForEach(forms, form => FormRunner.Apply(form, x, y));
            return y;
        }
    }

    [Fact]
    public async Task Terms_are_added_behind_what_one_adapter_replaces()
    {
        var (head, lora) = (NotAdditive("head"), SmallLora.Make(other => other.AddPair("lm_head", 2, 8, 16)));
        lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "lm_head");
        await _storage.PutAsync("head", head.Files());
        await _storage.PutAsync("lora", lora.Files());
        using var mixed = await AcquireAsync(("lora", 0.5), ("head", 1));
        var x = RandomRow(8);
        var expected = new double[16];
        var replaced = Values(head, "lm_head.weight");
        for (var i = 0; i < replaced.Length; i++)
        {
            expected[i / 8] += (double)replaced[i] * x[i % 8];
        }

        AddLora(expected, lora, "lm_head", 2 * 0.5, x);
        AssertClose(expected, Apply(mixed.Weights, "lm_head", x, 16));
    }

    [Theory]
    [InlineData(0.5, 0.25)]
    [InlineData(1.0, 1.0)]
    [InlineData(0.5, 0.5)]
    [InlineData(-0.5, 0.0)]
    public async Task Matrices_that_replace_the_bases_are_mixed_with_it(double first, double second)
    {
        var (one, two, lora) = (NotAdditive("head"), NotAdditive("head"), SmallLora.Make(other => other.AddPair("lm_head", 2, 8, 16)));
        Array.Reverse(Values(two, "lm_head.weight"));
        lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "lm_head");
        await _storage.PutAsync("one", one.Files());
        await _storage.PutAsync("two", two.Files());
        await _storage.PutAsync("lora", lora.Files());
        using var mixed = await AcquireAsync(("lora", 0.5), ("one", first), ("two", second));
        var (x, y) = (RandomRow(8), RandomRow(16));
        var expected = y.Select(value => (1 - first - second) * value).ToArray();
        for (var i = 0; i < 128; i++)
        {
            expected[i / 8] += ((first * Values(one, "lm_head.weight")[i]) + (second * Values(two, "lm_head.weight")[i])) * x[i % 8];
        }

        AddLora(expected, lora, "lm_head", 2 * 0.5, x);
        foreach (var form in mixed.Weights.At(_storage.BaseModel.FindSite("lm_head")!.Index))
        {
            FormRunner.Apply(form, x, y);
        }

        AssertClose(expected, y);
    }

    [Fact]
    public async Task A_weight_of_0_leaves_an_adapter_out_whatever_its_kind()
    {
        await _storage.PutAsync("dora", NotAdditive("dora").Files());
        await _storage.PutAsync("lora", new SmallLora(3).Files());
        using var mixed = await AcquireAsync(("dora", 0), ("lora", 1));
        using var alone = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", "lora"), Cancellation);
        Assert.Equal(alone.Weights.At(_storage.BaseModel.FindSite(Q0)!.Index).ToArray(), mixed.Weights.At(_storage.BaseModel.FindSite(Q0)!.Index).ToArray());
    }

    [Fact]
    public async Task Replacing_matrices_can_be_left_out()
    {
        await _storage.PutAsync("head", NotAdditive("head").Files());
        await _storage.PutAsync("lora", new SmallLora(3).Files());
        var head = _storage.BaseModel.FindSite("lm_head")!.Index;
        using var without = await _storage.Compositions.AcquireAsync(new AdapterMixture([Part("head", 0.5) with { WithAbs = false }, Part("lora", 1)]), Cancellation);
        Assert.True(without.Weights.At(head).IsEmpty);
        Assert.Equal(2, without.Weights.At(_storage.BaseModel.FindSite(Q0)!.Index).Length);
        using var with = await AcquireAsync(("lora", 1), ("lora", 0.5));
        Assert.NotEqual(without.Weights.Digest, with.Weights.Digest);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    private static SmallLora NotAdditive(string kind)
    {
        switch (kind)
        {
            case "dora":
                return SmallLora.Make(lora =>
                {
                    lora.Config["use_dora"] = true;
                    for (var layer = 0; layer < 2; layer++)
                    {
                        lora.Add($"model.layers.{layer}.self_attn.q_proj.lora_magnitude_vector", [8]);
                        lora.Add($"model.layers.{layer}.self_attn.v_proj.lora_magnitude_vector", [4]);
                    }
                });
            case "ia3":
                var scales = Other("IA3");
                scales.Add(Q0 + ".ia3_l", [8, 1]);
                return scales;
            case "norm":
                var norm = Other("LN_TUNING");
                norm.Config["target_modules"] = new JsonArray("layers.0.input_layernorm");
                norm.Add(Norm0 + ".ln_tuning_layers.weight", [8]);
                return norm;
            default:
                return SmallLora.Make(lora =>
                {
                    lora.Config["modules_to_save"] = new JsonArray("lm_head");
                    lora.Add("lm_head.weight", [16, 8]);
                });
        }
    }

    private static SmallLora Other(string type) => SmallLora.Make(adapter =>
    {
        adapter.Tensors.Clear();
        adapter.Config.Clear();
        adapter.Config["peft_type"] = type;
        adapter.Config["target_modules"] = new JsonArray("layers.0.self_attn.q_proj");
        if (type == "IA3")
        {
            adapter.Config["feedforward_modules"] = new JsonArray();
        }
    });

    private static float[] Values(SmallLora adapter, string name) => adapter.Tensors[SmallLora.Prefix + name].Values;

    private static void AddLora(double[] y, SmallLora lora, string path, double scale, float[] x)
    {
        var (a, b) = (Values(lora, path + ".lora_A.weight"), Values(lora, path + ".lora_B.weight"));
        var rank = a.Length / x.Length;
        for (var o = 0; o < y.Length; o++)
        {
            for (var r = 0; r < rank; r++)
            {
                y[o] += scale * b[(o * rank) + r] * Enumerable.Range(0, x.Length).Sum(h => (double)a[(r * x.Length) + h] * x[h]);
            }
        }
    }

    private static float[] RandomRow(int width)
    {
        var random = new Random(width);
        return [.. Enumerable.Range(0, width).Select(_ => random.Next(-64, 65) / 64f)];
    }

    private static void AssertClose(double[] expected, float[] actual) => Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerances.SmallSum));

    private float[] Apply(AdapterWeights weights, string path, float[] x, int outFeatures)
    {
        var y = new float[outFeatures];
        foreach (var form in weights.At(_storage.BaseModel.FindSite(path)!.Index))
        {
            FormRunner.Apply(form, x, y);
        }

        return y;
    }

    private MixturePart Part(string name, double weight) => new(name, _storage.Catalog.Resolve("acme", name), weight);

    private Task<AdapterLease> AcquireAsync(params (string Name, double Weight)[] parts) =>
        _storage.Compositions.AcquireAsync(new AdapterMixture([.. parts.Select(part => Part(part.Name, part.Weight))]), Cancellation);
}

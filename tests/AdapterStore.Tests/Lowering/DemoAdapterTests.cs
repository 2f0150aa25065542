using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Lowering;

public sealed class DemoAdapterTests
{
    public static TheoryData<string, string, int[], string> Plain => new()
    {
        { "pirate-lora", "float32", [8], "low_rank" },
        { "polite-lora", "float32", [8], "low_rank" },
        { "doubt-rslora", "float32", [8], "low_rank" },
        { "robot-lora-pattern", "float32", [2, 4, 12], "low_rank" },
        { "yoda-lora-bf16", "bfloat16", [8], "low_rank" },
        { "facts-generated", "float32", [42], "low_rank" },
    };

    public static TheoryData<string> Showcases => ["pirate", "json", "shout", "french", "robot", "yoda", "markdown", "polite"];

    [Theory]
    [MemberData(nameof(Plain))]
    public Task Each_plain_LoRA_is_accepted_and_computes_what_its_file_says(string name, string dtype, int[] ranks, string forms) =>
        CheckAsync(TestData.Adapter(name), dtype, ranks, forms);

    [Theory]
    [MemberData(nameof(Showcases))]
    public Task Each_showcase_adapter_is_accepted_with_its_own_head(string style) => CheckAsync(TestData.Showcase(style), "bfloat16", [16], "low_rank,dense");

    [Fact]
    public async Task Rank_and_alpha_patterns_give_the_scales_that_the_first_match_in_the_file_says()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Bases.Demo);
        var put = await storage.PutAsync("robot", TestData.Files(TestData.Adapter("robot-lora-pattern")));
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "robot"), TestContext.Current.CancellationToken);

        LowRankWeights At(string path) => (LowRankWeights)lease.Weights.At(Bases.Demo.FindSite(path)!.Index)[0];
        Assert.Equal(28, put.Descriptor.Sites);
        Assert.Equal((12, 6f / 12), (At("model.layers.0.self_attn.q_proj").Rank, At("model.layers.0.self_attn.q_proj").Scale));
        Assert.Equal((4, 8f / 4), (At("model.layers.1.self_attn.q_proj").Rank, At("model.layers.1.self_attn.q_proj").Scale));
        Assert.Equal((2, 1f / 2), (At("model.layers.3.mlp.down_proj").Rank, At("model.layers.3.mlp.down_proj").Scale));
        Assert.Equal((2, 8f / 2), (At("model.layers.2.mlp.down_proj").Rank, At("model.layers.2.mlp.down_proj").Scale));
        Assert.Equal((4, 16f / 4), (At("model.layers.2.mlp.up_proj").Rank, At("model.layers.2.mlp.up_proj").Scale));
    }

    [Fact]
    public async Task RsLoRA_divides_alpha_by_the_root_of_the_rank()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Bases.Demo);
        await storage.PutAsync("doubt", TestData.Files(TestData.Adapter("doubt-rslora")));
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "doubt"), TestContext.Current.CancellationToken);

        var weights = (LowRankWeights)lease.Weights.At(Bases.Demo.FindSite("model.layers.0.self_attn.q_proj")!.Index)[0];
        Assert.Equal((float)(16 / Math.Sqrt(8)), weights.Scale);
    }

    private static async Task CheckAsync(string path, string dtype, int[] ranks, string forms)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Bases.Demo);
        var files = TestData.Files(path);
        var put = await storage.PutAsync("adapter", files);
        Assert.True(put.Created);
        Assert.Equal(dtype, put.Descriptor.Dtype);
        Assert.Equal(ranks, put.Descriptor.Ranks);
        Assert.Equal(forms, string.Join(',', put.Descriptor.Forms));
        Assert.Equal(files.Values.Sum(file => (long)file.Length), put.Descriptor.Bytes);

        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "adapter"), TestContext.Current.CancellationToken);
        Compare(lease.Weights, new PlainSafetensors(files["adapter_model.safetensors"]), JsonDocument.Parse(files["adapter_config.json"]).RootElement);
    }

    private static void Compare(AdapterWeights weights, PlainSafetensors file, JsonElement config)
    {
        var seen = 0;
        foreach (var site in Bases.Demo.Sites)
        {
            var x = Input(site.InFeatures);
            foreach (var form in weights.At(site.Index))
            {
                var name = "base_model.model." + site.Path;
                var (expected, bound) = form is LowRankWeights
                    ? Scalar(file.Matrix(name + ".lora_A.weight"), file.Matrix(name + ".lora_B.weight"), x, Scale(site.Path, config))
                    : Scalar(file.Matrix(name + ".weight"), x);
                var actual = FormRunner.Run(form, x);
                for (var i = 0; i < actual.Length; i++)
                {
                    Assert.InRange(actual[i], expected[i] - (Tolerances.LowRankRelative * bound[i]), expected[i] + (Tolerances.LowRankRelative * bound[i]));
                }

                seen += form is LowRankWeights ? 2 : 1;
            }
        }

        Assert.Equal(file.Names.Count(), seen);
    }

    /// <summary>The patterns of the demo's one patterned adapter are plain path endings.</summary>
    private static double Scale(string path, JsonElement config)
    {
        var rank = First("rank_pattern", path, config) ?? config.GetProperty("r").GetInt32();
        var alpha = First("alpha_pattern", path, config) ?? config.GetProperty("lora_alpha").GetDouble();
        return config.GetProperty("use_rslora").GetBoolean() ? alpha / Math.Sqrt(rank) : alpha / rank;
    }

    private static double? First(string key, string path, JsonElement config)
    {
        foreach (var entry in config.GetProperty(key).EnumerateObject())
        {
            if (path == entry.Name || path.EndsWith("." + entry.Name, StringComparison.Ordinal))
            {
                return entry.Value.GetDouble();
            }
        }

        return null;
    }

    private static float[] Input(int length)
    {
        var random = new Random(length);
        return [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private static (double[] Y, double[] Bound) Scalar(double[,] a, double[,] b, float[] x, double scale)
    {
        var (v, vBound) = Scalar(a, x);
        var y = new double[b.GetLength(0)];
        var bound = new double[y.Length];
        for (var o = 0; o < y.Length; o++)
        {
            for (var r = 0; r < v.Length; r++)
            {
                y[o] += scale * b[o, r] * v[r];
                bound[o] += Math.Abs(scale * b[o, r]) * vBound[r];
            }
        }

        return (y, bound);
    }

    private static (double[] Y, double[] Bound) Scalar(double[,] w, float[] x)
    {
        var y = new double[w.GetLength(0)];
        var bound = new double[y.Length];
        for (var o = 0; o < y.Length; o++)
        {
            for (var h = 0; h < x.Length; h++)
            {
                y[o] += w[o, h] * x[h];
                bound[o] += Math.Abs(w[o, h] * x[h]);
            }
        }

        return (y, bound);
    }
}

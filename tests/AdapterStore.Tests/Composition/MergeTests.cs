using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Merging;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Composition;

/// <summary>Merges of made LoRAs on the small base. That they are PEFT's is shown by the goldens of the engine's tests.</summary>
public sealed class MergeTests : IDisposable
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private const string K0 = "model.layers.0.self_attn.k_proj";

    private readonly TestFolder _folder = new();
    private AdapterStorage _storage;

    public MergeTests() => _storage = _folder.Open(MadeBaseWeights.Small(hasBias: false));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Linear_combines_factors_apart_with_the_sign_on_A()
    {
        var (first, second) = await PutTwoAsync();
        using var lease = await _storage.Compositions.AcquireAsync(Mixture("linear", ("first", 0.5), ("second", -0.25)), Cancellation);
        var merged = Assert.IsType<LowRankWeights>(Assert.Single(At(lease, Q0)));
        Assert.Equal((2, 1f), (merged.Rank, merged.Scale));

        // Scales are 4 / 2, so the factors' weights are the roots of 1 and of 0.5.
        AssertClose(Add(Values(first, "A"), 1, Values(second, "A"), -Math.Sqrt(0.5)), merged.UnpackA());
        AssertClose(Add(Values(first, "B"), 1, Values(second, "B"), Math.Sqrt(0.5)), merged.UnpackB());
    }

    [Fact]
    public async Task A_site_that_only_one_adapter_has_takes_that_one()
    {
        await PutTwoAsync();
        await _storage.PutAsync("other", OnKeys(3).Files());
        foreach (var method in new[] { "cat", "svd" })
        {
            using var lease = await _storage.Compositions.AcquireAsync(Mixture(method, ("first", 1), ("other", 0.5)), Cancellation);
            Assert.Equal(2, Assert.IsType<LowRankWeights>(Assert.Single(At(lease, Q0))).Rank);
            Assert.Equal(3, Assert.IsType<LowRankWeights>(Assert.Single(At(lease, K0))).Rank);
        }
    }

    [Fact]
    public async Task Svd_of_full_rank_is_the_sum_and_of_a_lower_one_its_best_approximation()
    {
        await PutTwoAsync();
        using var sum = await _storage.Compositions.AcquireAsync(Mixture("cat", ("first", 1), ("second", 1)), Cancellation);
        using var full = await _storage.Compositions.AcquireAsync(Mixture("svd", 4, ("first", 1), ("second", 1)), Cancellation);
        using var cut = await _storage.Compositions.AcquireAsync(Mixture("svd", 3, ("first", 1), ("second", 1)), Cancellation);
        var (whole, same, less) = (Delta(sum), Delta(full), Delta(cut));
        AssertClose(whole, Array.ConvertAll(same, value => (float)value));
        Assert.Equal((4, 3), (((LowRankWeights)At(full, Q0)[0]).Rank, ((LowRankWeights)At(cut, Q0)[0]).Rank));
        Assert.True(Math.Sqrt(Distance(whole, less)) > 0.1);

        // The error of the best approximation stands at right angles to it.
        Assert.Equal(Distance(whole, new double[64]), Distance(whole, less) + Distance(less, new double[64]), 0.01);
    }

    [Fact]
    public async Task A_merge_is_computed_once_and_stays_like_an_adapter()
    {
        await PutTwoAsync();
        var mixture = Mixture("ties", ("first", 1), ("second", 1)) with { Merge = new MergeOptions(MergeMethod.Find("ties")!) { Density = 0.5 } };
        var first = await _storage.Compositions.AcquireAsync(mixture, Cancellation);
        Assert.Equal(first.Weights.Bytes, _storage.Cache.Statistics.PinnedBytes);
        first.Dispose();
        var loads = _storage.Cache.Statistics.Loads;
        using var second = await _storage.Compositions.AcquireAsync(mixture, Cancellation);
        Assert.Same(first.Weights, second.Weights);
        Assert.Equal(loads, _storage.Cache.Statistics.Loads);
        using var other = await _storage.Compositions.AcquireAsync(mixture with { Merge = mixture.Merge with { Density = 0.25 } }, Cancellation);
        Assert.NotEqual(first.Weights.Digest, other.Weights.Digest);
        Assert.NotEqual(Delta(second), Delta(other));
    }

    [Fact]
    public async Task Merges_at_the_same_time_end_in_one_object()
    {
        await PutTwoAsync();
        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => _storage.Compositions.AcquireAsync(Mixture("svd", ("first", 1), ("second", 0.5)), Cancellation), Cancellation)));
        Assert.Single(leases.Select(lease => lease.Weights).Distinct());
        Array.ForEach(leases, lease => lease.Dispose());
        Assert.Equal(0, _storage.Cache.Statistics.PinnedBytes);
    }

    [Fact]
    public async Task A_stored_merge_is_a_LoRA_of_its_own_and_survives_a_restart()
    {
        await PutTwoAsync();
        await _storage.PutAsync("other", OnKeys(3).Files());
        var mixture = new AdapterMixture([Part("first", 0.5), Part("second", 2), Part("other", -1)]);
        using var sum = await _storage.Compositions.AcquireAsync(mixture with { Merge = new MergeOptions(MergeMethod.Find("cat")!) }, Cancellation);
        var expected = Delta(sum);
        var stored = await _storage.Compositions.StoreAsync("acme", "merged", mixture, null, Cancellation);
        Assert.True(stored.Created);
        Assert.Equal(("lora", "float32", 6), (stored.Descriptor.Kind, stored.Descriptor.Dtype, stored.Descriptor.Sites));
        Assert.Equal([3, 4], stored.Descriptor.Ranks);
        Assert.False((await _storage.Compositions.StoreAsync("acme", "merged", mixture, stored.Descriptor.Digest, Cancellation)).Created);
        sum.Dispose();

        _storage.Dispose();
        _storage = _folder.Open(MadeBaseWeights.Small(hasBias: false));
        using var lease = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", "merged"), Cancellation);
        Assert.Equal(expected, Delta(lease));
    }

    [Fact]
    public async Task What_a_merge_does_not_apply_to_is_refused_and_nothing_stays_pinned_or_stored()
    {
        await PutTwoAsync();
        await _storage.PutAsync("narrow", SmallLora.Make(lora =>
        {
            lora.Tensors.Clear();
            lora.Config["r"] = 1;
            for (var layer = 0; layer < 2; layer++)
            {
                lora.AddPair($"model.layers.{layer}.self_attn.q_proj", 1, 8, 8);
                lora.AddPair($"model.layers.{layer}.self_attn.v_proj", 1, 8, 4);
            }
        }).Files());
        await _storage.PutAsync("head", SmallLora.Make(lora =>
        {
            lora.Config["modules_to_save"] = new JsonArray("lm_head");
            lora.Add("lm_head.weight", [16, 8]);
        }).Files());
        await _storage.PutAsync("shira", Shira().Files());

        await RefusedAsync("merge_rank", Mixture("linear", ("first", 1), ("narrow", 1)));
        await RefusedAsync("merge_form", Mixture("cat", ("first", 1), ("head", 1)));
        await RefusedAsync("merge_form", Mixture("cat", ("first", 1), ("shira", 1)));
        await RefusedAsync("merge_kind", Mixture("linear", ("first", 1), ("shira", 1)));
        using var sparse = await _storage.Compositions.AcquireAsync(Mixture("svd", 8, ("first", 1), ("shira", 1)), Cancellation);
        var error = await Assert.ThrowsAsync<AdapterStoreException>(
            () => _storage.Compositions.StoreAsync("acme", "stored", new AdapterMixture([Part("first", 1), Part("shira", 1)]), null, Cancellation));
        Assert.Equal("merge_form", error.Code);
        error = await Assert.ThrowsAsync<AdapterStoreException>(
            () => _storage.Compositions.StoreAsync("acme", "first", Mixture("cat", ("first", 1), ("second", 1)), "sha256:0", Cancellation));
        Assert.Equal("digest_mismatch", error.Code);
        Assert.DoesNotContain(_storage.Catalog.List("acme"), adapter => adapter.Name == "stored");
        Assert.Equal(1, _storage.Catalog.Get("acme", "first").Version);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    private static SmallLora OnKeys(int rank) => SmallLora.Make(lora =>
    {
        lora.Tensors.Clear();
        lora.Config["r"] = rank;
        lora.Config["target_modules"] = new JsonArray("k_proj");
        lora.AddPair("model.layers.0.self_attn.k_proj", rank, 8, 4);
        lora.AddPair("model.layers.1.self_attn.k_proj", rank, 8, 4);
    });

    private static SmallLora Shira() => SmallLora.Make(adapter =>
    {
        adapter.Tensors.Clear();
        adapter.Config.Clear();
        adapter.Config["peft_type"] = "SHIRA";
        adapter.Config["target_modules"] = new JsonArray("layers.0.self_attn.q_proj");
        adapter.Add(Q0 + ".shira_weight", [3]);
        adapter.Tensors[SmallLora.Prefix + Q0 + ".shira_indices"] = ([2, 3], [0, 5, 7, 1, 4, 0]);
    });

    private static float[] Values(SmallLora lora, string factor) => lora.Tensors[$"{SmallLora.Prefix}{Q0}.lora_{factor}.weight"].Values;

    private static double[] Add(float[] first, double firstWeight, float[] second, double secondWeight) =>
        [.. first.Zip(second, (a, b) => (a * firstWeight) + (b * secondWeight))];

    private static void AssertClose(double[] expected, float[] actual) => Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerances.SmallDelta));

    private static double Distance(double[] first, double[] second) => first.Zip(second, (a, b) => (a - b) * (a - b)).Sum();

    private FormWeights[] At(AdapterLease lease, string path) => lease.Weights.At(_storage.BaseModel.FindSite(path)!.Index).ToArray();

    /// <summary>What is added at the query projection of the first layer, [8, 8].</summary>
    private double[] Delta(AdapterLease lease)
    {
        var form = (LowRankWeights)At(lease, Q0)[0];
        var (a, b) = (form.UnpackA(), form.UnpackB());
        var delta = new double[64];
        for (var i = 0; i < delta.Length; i++)
        {
            for (var r = 0; r < form.Rank; r++)
            {
                delta[i] += (double)form.Scale * b[(i / 8 * form.Rank) + r] * a[(r * 8) + (i % 8)];
            }
        }

        return delta;
    }

    private MixturePart Part(string name, double weight) => new(name, _storage.Catalog.Resolve("acme", name), weight);

    private AdapterMixture Mixture(string method, params (string Name, double Weight)[] parts) =>
        new([.. parts.Select(part => Part(part.Name, part.Weight))], new MergeOptions(MergeMethod.Find(method)!));

    private AdapterMixture Mixture(string method, int rank, params (string Name, double Weight)[] parts) =>
        Mixture(method, parts) with { Merge = new MergeOptions(MergeMethod.Find(method)!) { SvdRank = rank } };

    private async Task<(SmallLora First, SmallLora Second)> PutTwoAsync()
    {
        var (first, second) = (new SmallLora(1), new SmallLora(5));
        await _storage.PutAsync("first", first.Files());
        await _storage.PutAsync("second", second.Files());
        return (first, second);
    }

    private async Task RefusedAsync(string code, AdapterMixture mixture)
    {
        var error = await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.Compositions.AcquireAsync(mixture, Cancellation));
        Assert.Equal((AdapterErrorKind.Unservable, code), (error.Kind, error.Code));
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _storage.Cache.Statistics.PinnedBytes);
    }
}

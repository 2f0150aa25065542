using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Merging;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Lowering;

/// <summary>Low-rank factors in fewer bits than the file has.</summary>
public sealed class HeldFormatTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public static TheoryData<AdapterWeightFormat, WeightType, string> Formats => new()
    {
        { AdapterWeightFormat.BF16, WeightType.BF16, "bf16" }, { AdapterWeightFormat.Int8, WeightType.Int8, "int8" }, { AdapterWeightFormat.OneBit, WeightType.Bit, "1bit" },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Factors_are_held_as_asked_for_and_counted_so_before_they_are_loaded(AdapterWeightFormat format, WeightType type, string name)
    {
        using (var storage = Open(format))
        {
            var uploaded = await storage.PutAsync("a", new SmallLora().Files());
            Assert.Equal(name, uploaded.Descriptor.Held);
        }

        using var reopened = Open(format);
        var version = reopened.Catalog.Resolve("acme", "a");
        using var lease = await reopened.Cache.AcquireAsync(version, Cancellation);
        Assert.Equal(lease.Weights.Bytes, version.WeightBytes);
        Assert.All(FormsOf(lease.Weights), form => Assert.Equal((type, WeightType.F32), (form.Type, form.ExactType)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_server_that_holds_them_otherwise_counts_its_own_bytes(AdapterWeightFormat format, WeightType type, string name)
    {
        using (var storage = Open(format))
        {
            await storage.PutAsync("a", new SmallLora().Files());
        }

        foreach (var other in new[] { AdapterWeightFormat.File, AdapterWeightFormat.Int8 })
        {
            using var reopened = Open(other);
            var version = reopened.Catalog.Resolve("acme", "a");
            using var lease = await reopened.Cache.AcquireAsync(version, Cancellation);
            Assert.True(lease.Weights.Bytes == version.WeightBytes, $"uploaded as {name} ({type}), held as {other}");
        }
    }

    [Fact]
    public async Task Exactly_as_in_the_file_nothing_is_said_of_it()
    {
        using var storage = Open(AdapterWeightFormat.File);
        var uploaded = await storage.PutAsync("a", new SmallLora().Files());
        Assert.Null(uploaded.Descriptor.Held);
        var inspection = await storage.Inspector.InspectAsync(storage.Catalog.Resolve("acme", "a"), Cancellation);
        Assert.Null(inspection.HeldError);
        Assert.All(inspection.Sites.SelectMany(site => site.Forms), form => Assert.Null(form.HeldError));
    }

    [Theory]
    [InlineData(AdapterWeightFormat.BF16, null)]
    [InlineData(AdapterWeightFormat.Int8, "int8")]
    public async Task A_file_in_bf16_is_held_exactly_in_bf16(AdapterWeightFormat format, string? held)
    {
        using var storage = Open(format);
        var uploaded = await storage.PutAsync("a", SmallLora.Make(lora => lora.Type = SafetensorsType.BF16).Files());
        Assert.Equal(held, uploaded.Descriptor.Held);
    }

    [Fact]
    public async Task An_adapter_without_low_rank_forms_is_held_as_its_file_has_it()
    {
        using var storage = Open(AdapterWeightFormat.Int8);
        var uploaded = await storage.PutAsync("a", SmallMethod.Make("BEFT", [], [("beft_bias", [1, 8])]).Files());
        Assert.Null(uploaded.Descriptor.Held);
        var version = storage.Catalog.Resolve("acme", "a");
        Assert.Equal(version, version.Exactly());
        Assert.Null((await storage.Inspector.InspectAsync(version, Cancellation)).HeldError);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task An_inspection_measures_the_file_and_says_how_far_what_is_held_is_from_it(AdapterWeightFormat format, WeightType type, string name)
    {
        using var exact = Open(AdapterWeightFormat.File);
        await exact.PutAsync("a", new SmallLora().Files());
        var expected = await exact.Inspector.InspectAsync(exact.Catalog.Resolve("acme", "a"), Cancellation);

        using var folder = new TestFolder();
        using var held = Open(format, folder);
        await held.PutAsync("a", new SmallLora().Files());
        var actual = await held.Inspector.InspectAsync(held.Catalog.Resolve("acme", "a"), Cancellation);
        Assert.True(actual.Complete);
        Assert.Equal(expected.Sites.Select(site => site.Delta), actual.Sites.Select(site => site.Delta));
        Assert.All(actual.Sites, site => Assert.Equal(type == WeightType.BF16 ? "bfloat16" : name, site.Forms[0].WeightType));
        Assert.Equal(actual.Sites.Max(site => site.Forms[0].HeldError), actual.HeldError);
        Assert.InRange(actual.HeldError!.Value, Tolerances.Held(format).Least, Tolerances.Held(format).Most);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_merge_is_computed_from_the_files(AdapterWeightFormat format, WeightType type, string name)
    {
        using var exact = Open(AdapterWeightFormat.File);
        using var folder = new TestFolder();
        using var held = Open(format, folder);
        var expected = await MergeAsync(exact);
        var actual = await MergeAsync(held);
        Assert.True(expected.SequenceEqual(actual), $"{name}, {type}");
    }

    [Fact]
    public async Task A_sum_shares_what_is_held()
    {
        using var storage = Open(AdapterWeightFormat.Int8);
        var mixture = await MixtureAsync(storage, merge: null);
        using var lease = await storage.Compositions.AcquireAsync(mixture, Cancellation);
        Assert.All(FormsOf(lease.Weights), form => Assert.Equal(WeightType.Int8, form.Type));
        Assert.Equal(0, lease.Weights.Bytes);
    }

    [Fact]
    public async Task Deleting_an_adapter_frees_its_exact_weights_too()
    {
        using var storage = Open(AdapterWeightFormat.Int8);
        await storage.PutAsync("a", new SmallLora().Files());
        var version = storage.Catalog.Resolve("acme", "a");
        await storage.Inspector.InspectAsync(version, Cancellation);
        Assert.True(storage.Cache.Contains(version.Exactly().WeightsDigest));
        await storage.Catalog.DeleteAsync("acme", "a", Cancellation);
        Assert.False(storage.Cache.Contains(version.Exactly().WeightsDigest));
        Assert.False(storage.Cache.Contains(version.WeightsDigest));
    }

    [Fact]
    public async Task What_fits_into_the_cache_only_in_fewer_bits_is_taken_and_inspected_all_the_same()
    {
        using var large = Open(AdapterWeightFormat.File);
        var bytes = (await large.PutAsync("a", new SmallLora().Files())).Descriptor.WeightBytes;
        using var folder = new TestFolder();
        using var storage = Open(AdapterWeightFormat.BF16, folder, bytes - 1);
        var held = await storage.PutAsync("a", new SmallLora().Files());
        Assert.True(held.Descriptor.WeightBytes < bytes);
        var version = storage.Catalog.Resolve("acme", "a");
        Assert.True(version.Exactly().WeightBytes > storage.Cache.CapacityBytes);
        var inspection = await storage.Inspector.InspectAsync(version, Cancellation);
        Assert.True(inspection.Complete);
        Assert.All(inspection.Sites.SelectMany(site => site.Forms), form => Assert.NotNull(form.HeldError));
    }

    private static async Task<AdapterMixture> MixtureAsync(AdapterStorage storage, MergeOptions? merge)
    {
        await storage.PutAsync("a", new SmallLora().Files());
        await storage.PutAsync("b", new SmallLora(seed: 2).Files());
        return new AdapterMixture([Part("a", 0.5), Part("b", 0.25)], merge);

        MixturePart Part(string name, double weight) => new(name, storage.Catalog.Resolve("acme", name), weight);
    }

    private static async Task<float[]> MergeAsync(AdapterStorage storage)
    {
        var mixture = await MixtureAsync(storage, new MergeOptions(MergeMethod.Find("cat")!));
        using var lease = await storage.Compositions.AcquireAsync(mixture, Cancellation);
        return [.. FormsOf(lease.Weights).SelectMany(form => form.UnpackA().Concat(form.UnpackB()))];
    }

    private static IEnumerable<LowRankWeights> FormsOf(AdapterWeights weights) =>
        Enumerable.Range(0, weights.Sites).SelectMany(site => weights.At(site).ToArray()).Cast<LowRankWeights>();

    private AdapterStorage Open(AdapterWeightFormat format, TestFolder? folder = null, long cacheBytes = 1 << 24) => AdapterStorage.Open(
        new AdapterStoreOptions { DataDirectory = (folder ?? _folder).Data, CacheBytes = cacheBytes, AdapterWeights = format }, MadeBaseWeights.Small(hasBias: false));
}

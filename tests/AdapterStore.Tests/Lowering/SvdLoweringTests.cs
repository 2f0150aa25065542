using System.Globalization;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.AdapterStore.Uploads;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Lowering;

public sealed class SvdLoweringTests : IDisposable
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_LoRA_of_higher_rank_becomes_the_nearest_one_of_the_rank_that_was_asked_for()
    {
        using var storage = _folder.Open();
        var exact = await storage.PutAsync("exact", WideLora().Files());
        var put = await storage.PutAsync("near", WideLora().Files(), lower: "svd:rank=2");
        Assert.Equal(("svd:rank=2", null), (put.Descriptor.Lower, exact.Descriptor.Lower));
        Assert.Equal([2], put.Descriptor.Ranks);
        Assert.NotEqual(exact.Descriptor.Digest, put.Descriptor.Digest);
        Assert.Equal("exact", exact.Descriptor.Exactness);
        await AssertBoundAsync(storage, put);
    }

    [Fact]
    public async Task Every_additive_form_is_approximated_within_the_bound_that_is_told()
    {
        using var storage = _folder.Open(MadeBaseWeights.Small(hasBias: false));
        foreach (var (name, adapter, form) in new[]
        {
            ("dense", SmallMethod.Make("HIRA", new() { ["r"] = 1 }, [("hira_A", [1, 8]), ("hira_B", [8, 1])]), "dense"),
            ("sparse", Shira(), "sparse"),
            ("low-rank", WideLora(), "low_rank"),
        })
        {
            var exact = await storage.PutAsync("exact", adapter.Files());
            Assert.Equal([form], exact.Descriptor.Forms);
            var put = await storage.PutAsync(name, adapter.Files(), lower: "svd:rank=3");
            Assert.Equal(["low_rank"], put.Descriptor.Forms);
            await AssertBoundAsync(storage, put);
        }
    }

    [Fact]
    public async Task What_has_no_higher_rank_and_what_is_not_additive_stays_exact()
    {
        using var storage = _folder.Open(MadeBaseWeights.Small(hasBias: false));
        foreach (var (adapter, lower) in new[] { (WideLora(), "svd:rank=4"), (WideLora(), "svd:rank=65536"), (Head(), "svd:rank=1") })
        {
            var exact = await storage.PutAsync("exact", adapter.Files());
            var put = await storage.PutAsync("same", adapter.Files(), lower: lower);
            Assert.Equal((lower, "exact"), (put.Descriptor.Lower, put.Descriptor.Exactness));
            Assert.Equal(exact.Descriptor.Forms, put.Descriptor.Forms);
            var (before, after) = (await LeaseAsync(storage, "exact"), await LeaseAsync(storage, "same"));
            using (before)
            using (after)
            {
                foreach (var site in Bases.Small.Sites)
                {
                    Assert.Equal(Outputs(before, site), Outputs(after, site));
                }
            }
        }
    }

    [Fact]
    public async Task Forms_behind_the_product_stay_where_they_are()
    {
        var dora = WideLora();
        dora.Config["use_dora"] = true;
        foreach (var layer in new[] { 0, 1 })
        {
            dora.Add($"model.layers.{layer}.self_attn.q_proj.lora_magnitude_vector", [8], 3);
        }

        using var storage = _folder.Open(MadeBaseWeights.Small(hasBias: true));
        await storage.PutAsync("exact", dora.Files());
        await storage.PutAsync("near", dora.Files(), lower: "svd:rank=1");
        using var before = await LeaseAsync(storage, "exact");
        using var after = await LeaseAsync(storage, "near");
        var site = Bases.Small.FindSite(Q0)!;
        Assert.Equal([FormKind.LowRank, FormKind.OutputBias, FormKind.OutputScale], after.Weights.At(site.Index).ToArray().Select(form => form.Form).OrderBy(form => form.ToString()));
        foreach (var kind in new[] { FormKind.OutputScale, FormKind.OutputBias })
        {
            Assert.Equal(Vector(before, kind), Vector(after, kind));
        }

        float[] Vector(AdapterLease lease, FormKind kind) => ((VectorWeights)lease.Weights.At(site.Index).ToArray().Single(form => form.Form == kind)).Unpack();
    }

    [Fact]
    public async Task The_option_is_part_of_the_version_and_survives_restarts()
    {
        string digest;
        using (var storage = _folder.Open())
        {
            await storage.PutAsync("a", WideLora().Files());
            var put = await storage.PutAsync("a", WideLora().Files(), lower: "svd:rank=2");
            Assert.Equal((true, 2), (put.Created, put.Descriptor.Version));
            digest = put.Descriptor.Digest;
            Assert.False((await storage.PutAsync("a", WideLora().Files(), lower: "svd:rank=2")).Created);
            Assert.NotEqual(digest, (await storage.PutAsync("b", WideLora().Files(), lower: "svd:rank=1")).Descriptor.Digest);
        }

        using (var storage = _folder.Open())
        {
            Assert.Equal(("svd:rank=2", digest), (storage.Catalog.Get("acme", "a").Lower, storage.Catalog.Get("acme", "a").Digest));
            Assert.Null(storage.Catalog.Get("acme", "a", "1").Lower);
            using var lease = await LeaseAsync(storage, "a");
            Assert.Equal(2, ((LowRankWeights)lease.Weights.At(Bases.Small.FindSite(Q0)!.Index)[0]).Rank);
        }
    }

    [Fact]
    public async Task Factors_that_were_kept_on_disk_are_those_that_were_computed()
    {
        using var storage = _folder.Open();
        await storage.PutAsync("a", WideLora().Files(), lower: "svd:rank=2");
        var site = Bases.Small.FindSite(Q0)!;
        float[][] first, kept, again;
        using (var lease = await LeaseAsync(storage, "a"))
        {
            first = Outputs(lease, site);
        }

        kept = await ReloadAsync();
        Directory.Delete(Path.Combine(_folder.Data, "computed"), recursive: true);
        again = await ReloadAsync();
        Assert.Equal(first, kept);
        Assert.Equal(first, again);

        async Task<float[][]> ReloadAsync()
        {
            storage.Cache.Unload(storage.Catalog.Get("acme", "a").Digest);
            using var lease = await LeaseAsync(storage, "a");
            return Outputs(lease, site);
        }
    }

    [Fact]
    public async Task An_option_file_that_was_damaged_on_disk_refuses_the_adapter()
    {
        using var storage = _folder.Open();
        var put = await storage.PutAsync("a", WideLora().Files(), lower: "svd:rank=2");
        File.WriteAllText(Directory.EnumerateFiles(_folder.Data, ".lower", SearchOption.AllDirectories).Single(), "svd:rank=3 or so");
        storage.Cache.Unload(put.Descriptor.Digest);
        var error = await Assert.ThrowsAsync<AdapterStoreException>(async () => await LeaseAsync(storage, "a"));
        Assert.Equal((AdapterErrorKind.Unservable, "unreadable_files"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task An_upload_can_not_ask_for_an_approximation_through_a_file()
    {
        using var storage = _folder.Open();
        var files = WideLora().Files();
        files.Add(".lower", "svd:rank=1"u8.ToArray());
        Assert.Equal("invalid_file_name", (await storage.RefusedAsync(files)).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("svd")]
    [InlineData("svd:rank=0")]
    [InlineData("svd:rank=-1")]
    [InlineData("svd:rank=01")]
    [InlineData("svd:rank=65537")]
    [InlineData("svd:rank=99999999999")]
    [InlineData("svd:rank=4 ")]
    [InlineData("svd:rank=4\n")]
    [InlineData("SVD:rank=4")]
    [InlineData("svd:rank=4,rank=5")]
    [InlineData("int8")]
    public void A_value_that_is_no_option_is_malformed(string text)
    {
        var error = Assert.Throws<AdapterStoreException>(() => LowerOption.Parse(text));
        Assert.Equal((AdapterErrorKind.Malformed, "lower_option"), (error.Kind, error.Code));
    }

    [Theory]
    [InlineData(null, "exact")]
    [InlineData(0.12345, "approximate:0.124")]
    [InlineData(0.5, "approximate:0.5")]
    [InlineData(0.99999, "approximate:1")]
    [InlineData(2.71828e-7, "approximate:2.72e-07")]
    public void A_bound_is_told_with_three_digits_and_never_too_small(double? error, string told) => Assert.Equal(told, SvdLowering.Describe(error));

    /// <summary>At each site: what the two miss each other by, relative to the exact one, by its definition; the largest of it is what is told, but for the bound's own noise.</summary>
    private static async Task AssertBoundAsync(AdapterStorage storage, UploadResult put)
    {
        Assert.StartsWith("approximate:", put.Descriptor.Exactness, StringComparison.Ordinal);
        var bound = double.Parse(put.Descriptor.Exactness["approximate:".Length..], CultureInfo.InvariantCulture);
        using var exact = await LeaseAsync(storage, "exact");
        using var near = await LeaseAsync(storage, put.Descriptor.Name);
        var largest = 0.0;
        foreach (var site in Bases.Small.Sites.Where(site => exact.Weights.At(site.Index).Length > 0))
        {
            var (whole, missed) = (Matrix(exact, site), Matrix(near, site));
            for (var i = 0; i < whole.Length; i++)
            {
                missed[i] = whole[i] - missed[i];
            }

            // Columns of the outputs, so the matrix stands on its side.
            largest = Math.Max(
                largest,
                NaiveMatrix.SingularValues(missed, site.InFeatures, site.OutFeatures)[0] / NaiveMatrix.SingularValues(whole, site.InFeatures, site.OutFeatures)[0]);
        }

        Assert.InRange(largest, bound * 0.99 - Tolerances.TruncationBound, bound);
    }

    private static double[] Matrix(AdapterLease lease, Site site) => [.. Outputs(lease, site).SelectMany(column => column.Select(value => (double)value))];

    /// <summary>What the site's forms make of each unit vector and, where they scale, of one.</summary>
    private static float[][] Outputs(AdapterLease lease, Site site)
    {
        var forms = lease.Weights.At(site.Index).ToArray();
        return [.. Enumerable.Range(0, site.InFeatures).Select(column =>
        {
            var (x, y) = (new float[site.InFeatures], new float[site.OutFeatures]);
            x[column] = 1;
            Array.ForEach(forms, form => FormRunner.Apply(form, x, y));
            return y;
        })];
    }

    private static async Task<AdapterLease> LeaseAsync(AdapterStorage storage, string name) =>
        await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", name), Cancellation);

    private static SmallLora WideLora() => SmallLora.Make(lora =>
    {
        lora.Tensors.Clear();
        lora.Config["r"] = 4;
        lora.Config["target_modules"] = new System.Text.Json.Nodes.JsonArray("q_proj");
        lora.AddPair(Q0, 4, 8, 8, seed: 3);
        lora.AddPair("model.layers.1.self_attn.q_proj", 4, 8, 8, seed: 5);
    });

    private static SmallLora Shira()
    {
        var adapter = SmallMethod.Make("SHIRA", new() { ["r"] = 1 }, [("shira_weight", [9]), ("shira_indices", [2, 9])]);
        foreach (var (name, tensor) in adapter.Tensors.Where(tensor => tensor.Key.EndsWith("indices", StringComparison.Ordinal)).ToList())
        {
            adapter.Tensors[name] = (tensor.Shape, [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 0, 5, 6, 1, 4, 3, 2, 1]);
        }

        return adapter;
    }

    /// <summary>A LoRA on q_proj within the rank and a whole head of the adapter's own.</summary>
    private static SmallLora Head() => SmallLora.Make(lora =>
    {
        lora.Tensors.Clear();
        lora.Config["r"] = 1;
        lora.Config["target_modules"] = new System.Text.Json.Nodes.JsonArray("q_proj");
        lora.Config["modules_to_save"] = new System.Text.Json.Nodes.JsonArray("lm_head");
        lora.AddPair(Q0, 1, 8, 8, seed: 3);
        lora.AddPair("model.layers.1.self_attn.q_proj", 1, 8, 8, seed: 5);
        lora.Add("lm_head.weight", [16, 8]);
    });
}

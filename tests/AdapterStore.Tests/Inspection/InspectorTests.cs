using AdapterServe.AdapterStore.Inspection;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Inspection;

public sealed class InspectorTests : IDisposable
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_LoRA_is_measured_against_the_base()
    {
        var lora = new SmallLora();
        var inspection = await InspectAsync(lora, MadeBaseWeights.Small(hasBias: false));
        Assert.True(inspection.Complete);
        Assert.Equal(["0.self_attn.q_proj", "0.self_attn.v_proj", "1.self_attn.q_proj", "1.self_attn.v_proj"], inspection.Sites.Select(site => site.Path["model.layers.".Length..]));
        var site = inspection.Sites[0];
        var form = Assert.Single(site.Forms);
        Assert.Equal(("low_rank", 2, 2.0, "float32", site.Bytes), (form.Form, form.Rank, form.Scale, form.WeightType, form.Bytes));

        var delta = Delta(lora);
        var values = NaiveMatrix.SingularValues(delta, 8, 8);
        var squares = values.Select(value => value * value).ToArray();
        AssertNear(Math.Sqrt(squares.Sum()), site.Delta!.Frobenius);
        AssertNear(values[0], site.Delta.Spectral);
        AssertNear(squares.Sum() / squares[0], site.Delta.StableRank);
        AssertNear(Math.Exp(-squares.Take(2).Sum(square => square / squares.Sum() * Math.Log(square / squares.Sum()))), site.Delta.EffectiveRank!.Value);

        var weight = Base(Q0, 64);
        AssertNear(Math.Sqrt(weight.Sum(value => value * value)), site.Delta.BaseFrobenius!.Value);
        AssertNear(NaiveMatrix.SingularValues(weight, 8, 8)[0], site.Delta.BaseSpectral!.Value);
        AssertNear(Math.Sqrt(squares.Sum() / weight.Sum(value => value * value)), site.Delta.FrobeniusRatio!.Value);
    }

    [Fact]
    public async Task The_bound_of_the_logits_holds_for_rows_behind_the_norm_and_stands_at_queries_and_keys_alone()
    {
        var lora = new SmallLora();
        var inspection = await InspectAsync(lora, MadeBaseWeights.Small(hasBias: false));
        Assert.Null(inspection.Sites[1].LogitBound);
        var bound = inspection.Sites[0].LogitBound!;
        var (delta, g) = (Delta(lora), Base("model.layers.0.input_layernorm", 8));
        var rows = Enumerable.Range(0, 8).Select(row => Math.Sqrt(Enumerable.Range(0, 8).Sum(h => Math.Pow(g[h] * delta[(row * 8) + h], 2)))).ToArray();
        AssertNear(Math.Sqrt(8) * rows.Max(), bound.Delta);
        Assert.Equal([2048, 8192, 32768, 131072], bound.OverRootLog.Select(ratio => ratio.Length));
        AssertNear(bound.Delta / 2.761, bound.OverRootLog[0].Ratio, 1e-3);

        // The row that is worst for the longest row of Δ.
        var worst = Array.IndexOf(rows, rows.Max());
        var x = Enumerable.Range(0, 8).Select(h => Math.Sqrt(8) * g[h] * delta[(worst * 8) + h] / rows[worst]).ToArray();
        AssertNear(bound.Delta, Enumerable.Range(0, 8).Sum(h => delta[(worst * 8) + h] * g[h] * x[h]));
    }

    [Fact]
    public async Task Without_the_bases_weights_the_adapter_is_measured_alone()
    {
        var site = (await InspectAsync(new SmallLora(), Bases.Small)).Sites[0];
        Assert.NotNull(site.Delta);
        Assert.Equal((null, null, null, null), (site.Delta.BaseFrobenius, site.Delta.BaseSpectral, site.Delta.FrobeniusRatio, site.LogitBound));
    }

    [Fact]
    public async Task Dense_sparse_and_other_forms_have_what_they_have()
    {
        var dense = (await InspectAsync(SmallMethod.Make("HIRA", new() { ["r"] = 1 }, [("hira_A", [1, 8]), ("hira_B", [8, 1])]), MadeBaseWeights.Small(hasBias: false))).Sites[0];
        Assert.Equal(("dense", "add", null), (dense.Forms[0].Form, dense.Forms[0].Mode, dense.Forms[0].Rank));
        Assert.True(dense.Delta!.Frobenius > 0 && dense.Delta.EffectiveRank is null);

        var scaled = (await InspectAsync(SmallMethod.Make("BEFT", [], [("beft_bias", [1, 8])]), MadeBaseWeights.Small(hasBias: false))).Sites[0];
        Assert.Equal(("output_bias", null), (scaled.Forms[0].Form, scaled.Delta));
    }

    [Fact]
    public async Task A_head_of_the_adapters_own_is_measured_by_its_difference()
    {
        var baseModel = MadeBaseWeights.Small(hasBias: false);
        var lora = SmallLora.Make(lora =>
        {
            lora.Config["modules_to_save"] = new System.Text.Json.Nodes.JsonArray("lm_head");
            lora.Add("lm_head.weight", [16, 8]);
        });
        var site = (await InspectAsync(lora, baseModel)).Sites[^1];
        Assert.Equal(("lm_head", "replace"), (site.Path, site.Forms[0].Mode));
        var difference = lora.Tensors[SmallLora.Prefix + "lm_head.weight"].Values.Zip(Base("lm_head", 128), (own, other) => own - other);
        AssertNear(Math.Sqrt(difference.Sum(value => value * value)), site.Delta!.Frobenius);
    }

    [Fact]
    public async Task What_dominates_the_base_or_adds_nothing_is_warned_of()
    {
        var lora = new SmallLora();
        Array.Clear(lora.Tensors[SmallLora.Prefix + "model.layers.1.self_attn.v_proj.lora_B.weight"].Values);
        var warnings = (await InspectAsync(lora, MadeBaseWeights.Small(hasBias: false))).Warnings;
        Assert.Contains(warnings, warning => (warning.Code, warning.Path) == ("delta_dominates", Q0));
        Assert.Contains(warnings, warning => (warning.Code, warning.Path) == ("logits_dominate", Q0));
        Assert.Equal("model.layers.1.self_attn.v_proj", Assert.Single(warnings, warning => warning.Code == "nothing_added").Path);
    }

    [Fact]
    public async Task When_time_runs_out_the_forms_are_told_without_norms()
    {
        using var storage = AdapterStorage.Open(
            new AdapterStoreOptions { DataDirectory = _folder.Data, CacheBytes = 1 << 24, InspectionLimit = TimeSpan.Zero }, MadeBaseWeights.Small(hasBias: false));
        await storage.PutAsync("a", new SmallLora().Files());
        var inspection = await storage.Inspector.InspectAsync(storage.Catalog.Resolve("acme", "a"), Cancellation);
        Assert.False(inspection.Complete);
        Assert.All(inspection.Sites, site => Assert.Null(site.Delta));
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_wait_and_the_next_one_gets_the_whole()
    {
        using var storage = _folder.Open(MadeBaseWeights.Small(hasBias: false));
        await storage.PutAsync("a", new SmallLora().Files());
        var version = storage.Catalog.Resolve("acme", "a");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.Inspector.InspectAsync(version, new CancellationToken(canceled: true)));
        var first = await storage.Inspector.InspectAsync(version, Cancellation);
        Assert.True(first.Complete);
        storage.Cache.Unload(version.WeightsDigest);
        var loads = storage.Cache.Statistics.Loads;
        Assert.Equal(first.Sites, (await storage.Inspector.InspectAsync(version, Cancellation)).Sites);
        Assert.Equal(loads, storage.Cache.Statistics.Loads);
    }

    private static async Task<AdapterInspection> InspectAsync(SmallLora adapter, BaseModel baseModel)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        await storage.PutAsync("a", adapter.Files());
        return await storage.Inspector.InspectAsync(storage.Catalog.Resolve("acme", "a"), Cancellation);
    }

    private static double[] Base(string path, int length)
    {
        var values = new float[length];
        new MadeBaseWeights(hasBias: false).Read(Bases.Small.FindSite(path)!, values);
        return Array.ConvertAll(values, value => (double)value);
    }

    private static double[] Delta(SmallLora lora)
    {
        double[] Values(string part) => Array.ConvertAll(lora.Tensors[$"{SmallLora.Prefix}{Q0}.{part}.weight"].Values, value => (double)value);
        return Array.ConvertAll(NaiveMatrix.Multiply(Values("lora_B"), Values("lora_A"), 8, 2, 8), value => 2 * value);
    }

    private static void AssertNear(double expected, double actual, double tolerance = Tolerances.SixDigits) =>
        Assert.InRange(actual, expected - (tolerance * Math.Abs(expected)), expected + (tolerance * Math.Abs(expected)));
}

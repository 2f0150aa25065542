using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Formats.Peft.Methods.SmallMethod;

namespace AdapterServe.AdapterStore.Tests.Catalog;

/// <summary>An adapter that holds several tasks: how one is named, and that each has weights of its own.</summary>
public sealed class TaskTests : IDisposable
{
    private const int Heads = 2;
    private const int Skills = 3;
    private const int Rank = 2;

    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _storage;

    public TaskTests() => _storage = _folder.Open();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_descriptor_lists_the_tasks()
    {
        Assert.Equal(["0", "1"], (await _storage.PutAsync("multi", Poly(2).Files())).Descriptor.Tasks);
        Assert.Empty((await _storage.PutAsync("plain", new SmallLora().Files())).Descriptor.Tasks);
        Assert.Equal(["0", "1"], _storage.Catalog.Describe("acme", "multi").Tasks);
        Assert.Equal(["0", "1"], _storage.Catalog.Describe("acme", "multi@1#1").Tasks);
    }

    [Theory]
    [InlineData("multi#1")]
    [InlineData("multi@1#1")]
    [InlineData("acme/multi@prod#1")]
    public async Task A_task_is_named_behind_a_hash(string reference)
    {
        await _storage.PutAsync("multi", Poly(2).Files());
        await _storage.Catalog.SetAliasAsync("acme", "multi", "prod", "1", Cancellation);
        var version = _storage.Catalog.Resolve("acme", reference);
        Assert.Equal(1, version.Task);
        Assert.Equal(version.Digest + "#1", version.WeightsDigest);
    }

    [Theory]
    [InlineData("multi", AdapterErrorKind.Malformed, "task_required")]
    [InlineData("multi@1", AdapterErrorKind.Malformed, "task_required")]
    [InlineData("multi#2", AdapterErrorKind.NotFound, "task_not_found")]
    [InlineData("multi#", AdapterErrorKind.NotFound, "task_not_found")]
    [InlineData("multi#-1", AdapterErrorKind.NotFound, "task_not_found")]
    [InlineData("multi#+1", AdapterErrorKind.NotFound, "task_not_found")]
    [InlineData("multi#1#1", AdapterErrorKind.NotFound, "task_not_found")]
    [InlineData("multi#99999999999", AdapterErrorKind.NotFound, "task_not_found")]
    [InlineData("plain#0", AdapterErrorKind.Malformed, "no_tasks")]
    [InlineData("multi@2#1", AdapterErrorKind.NotFound, "adapter_not_found")]
    [InlineData("other#1", AdapterErrorKind.NotFound, "adapter_not_found")]
    public async Task A_wrong_task_is_refused_with_the_list_of_those_that_there_are(string reference, AdapterErrorKind kind, string code)
    {
        await _storage.PutAsync("multi", Poly(2).Files());
        await _storage.PutAsync("plain", new SmallLora().Files());
        var error = Assert.Throws<AdapterStoreException>(() => _storage.Catalog.Resolve("acme", reference));
        Assert.Equal((kind, code), (error.Kind, error.Code));
        Assert.Equal(code.StartsWith("task_", StringComparison.Ordinal), error.Message.Contains("multi#0, multi#1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_only_task_need_not_be_named()
    {
        await _storage.PutAsync("single", Poly(1).Files());
        Assert.Equal(0, _storage.Catalog.Resolve("acme", "single").Task);
        Assert.Equal(_storage.Catalog.Resolve("acme", "single"), _storage.Catalog.Resolve("acme", "single#0"));
    }

    [Fact]
    public async Task Each_task_has_weights_of_its_own_mixed_from_the_skills_by_its_row()
    {
        var adapter = Poly(2);
        await _storage.PutAsync("multi", adapter.Files());
        for (var task = 0; task < 2; task++)
        {
            var version = _storage.Catalog.Resolve("acme", $"multi#{task}");
            _storage.Cache.Unload(version.WeightsDigest);
            Assert.False(_storage.Cache.Contains(version.WeightsDigest));
            using var lease = await _storage.Cache.AcquireAsync(version, Cancellation);
            Assert.Equal(version.WeightsDigest, lease.Weights.Digest);
            AssertDelta(DeltaOf(lease.Weights, Bases.Small), (row, column) => Expected(adapter, task, row, column));
        }
    }

    [Fact]
    public async Task Deleting_the_adapter_drops_the_weights_of_every_task()
    {
        await _storage.PutAsync("multi", Poly(2).Files());
        var versions = new[] { _storage.Catalog.Resolve("acme", "multi#0"), _storage.Catalog.Resolve("acme", "multi#1") };
        using (var held = await _storage.Cache.AcquireAsync(versions[0], Cancellation))
        {
            await _storage.Catalog.DeleteAsync("acme", "multi", Cancellation);
            Assert.False(_storage.Cache.Contains(versions[1].WeightsDigest));
        }

        Assert.False(_storage.Cache.Contains(versions[0].WeightsDigest));
    }

    [Fact]
    public async Task Every_task_is_lowered_at_upload()
    {
        await _storage.PutAsync("multi", Poly(3).Files());
        Assert.All(Enumerable.Range(0, 3), task => Assert.True(_storage.Cache.Contains(_storage.Catalog.Resolve("acme", $"multi#{task}").WeightsDigest)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    public async Task A_number_of_tasks_that_is_none_or_too_many_is_refused(int tasks) =>
        Assert.Contains((await _storage.RefusedAsync(Poly(tasks).Files())).Code, (string[])["option_range", "shape_mismatch"]);

    [Theory]
    [InlineData("pirate", "pirate")]
    [InlineData("")]
    [InlineData("a\nb")]
    public void Names_that_no_request_could_use_are_refused(params string[] names) =>
        Assert.Equal("option_range", Assert.Throws<AdapterStoreException>(() => FileTasks.Named("tasks", [.. names])).Code);

    [Fact]
    public void Facts_that_were_stored_before_there_were_tasks_can_be_read()
    {
        var facts = JsonSerializer.Deserialize("""{"kind":"lora","forms":["low_rank"],"exactness":"exact","ranks":[2],"dtype":"float32","sites":4,"weight_bytes":1}""", AdapterJsonContext.Default.AdapterFacts);
        Assert.True(facts!.Tasks.IsDefaultOrEmpty);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    private static SmallLora Poly(int tasks) => Make(
        "POLY",
        new JsonObject { ["r"] = Rank, ["n_tasks"] = tasks, ["n_skills"] = Skills, ["n_splits"] = Heads, ["poly_type"] = "poly" },
        [("poly_lora_A", [Heads, Skills, 4, Rank]), ("poly_lora_B", [Heads, Skills, Rank, 4]), ("poly_router.module_logits", [tasks, Heads * Skills])]);

    private static double Expected(SmallLora adapter, int task, int row, int column)
    {
        var (a, b, logits) = (adapter.Values("poly_lora_A"), adapter.Values("poly_lora_B"), adapter.Values("poly_router.module_logits"));
        double Weight(int head, int skill)
        {
            double Sigmoid(int s) => 1 / (1 + Math.Exp(-logits[(task * Heads * Skills) + (head * Skills) + s]));
            return Sigmoid(skill) / (Enumerable.Range(0, Skills).Sum(Sigmoid) + 1e-12);
        }

        return Enumerable.Range(0, Rank).Sum(r =>
            Enumerable.Range(0, Skills).Sum(s => Weight(column / 4, s) * a[(((((column / 4) * Skills) + s) * 4) + (column % 4)) * Rank + r])
            * Enumerable.Range(0, Skills).Sum(s => Weight(row / 4, s) * b[(((((row / 4) * Skills) + s) * Rank) + r) * 4 + (row % 4)])) / Rank;
    }
}

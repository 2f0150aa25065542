using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Formats.Peft.Methods.SmallMethod;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

/// <summary>Skills mixed for each task, and tenants that have nothing but routing over another adapter's skills.</summary>
public sealed class MhrTests : IDisposable
{
    private const string Logits = $"model.{Q0}.selector.module_logits";
    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _storage;

    public MhrTests() => _storage = _folder.Open();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_is_asked_for_by_name_or_number()
    {
        var skills = SmallContainer.Mhr(["pirate", "polite"]);
        Assert.Equal(["pirate", "polite"], (await _storage.PutAsync("multi", skills.Files())).Descriptor.Tasks);
        AssertDelta(await DeltaAsync("multi#polite"), (row, column) => Expected(skills, skills, 1, row, column));
        AssertDelta(await DeltaAsync("multi#0"), (row, column) => Expected(skills, skills, 0, row, column));
    }

    [Fact]
    public async Task A_tenant_mixes_the_skills_of_its_inventory_by_its_own_routing()
    {
        var (skills, tenant) = (SmallContainer.Mhr(["pirate", "polite"]), SmallContainer.Mhr(["shout"], "multi"));
        await _storage.PutAsync("multi", skills.Files());
        await _storage.PutAsync("tenant", tenant.Files());
        AssertDelta(await DeltaAsync("tenant"), (row, column) => Expected(skills, tenant, 0, row, column));
    }

    [Fact]
    public async Task A_tenant_is_what_it_was_when_its_inventory_changes_or_goes()
    {
        var (skills, tenant) = (SmallContainer.Mhr(["pirate"]), SmallContainer.Mhr(["shout"], "multi"));
        await _storage.PutAsync("multi", skills.Files());
        var before = (await _storage.PutAsync("tenant", tenant.Files())).Descriptor;
        var changed = SmallContainer.Mhr(["pirate"]);
        changed.Tensors[$"model.{Q0}.lora_b"].Values[0] += 1;
        await _storage.PutAsync("multi", changed.Files());
        await _storage.Catalog.DeleteAsync("acme", "multi", Cancellation);
        _storage.Cache.Unload(_storage.Catalog.Resolve("acme", "tenant").WeightsDigest);
        AssertDelta(await DeltaAsync("tenant"), (row, column) => Expected(skills, tenant, 0, row, column));
        Assert.Equal(before.Digest, _storage.Catalog.Get("acme", "tenant").Digest);
    }

    [Fact]
    public async Task The_same_routing_over_another_inventory_is_another_version()
    {
        var tenant = SmallContainer.Mhr(["shout"], "multi");
        await _storage.PutAsync("multi", SmallContainer.Mhr(["pirate"]).Files());
        var first = await _storage.PutAsync("tenant", tenant.Files());
        Assert.False((await _storage.PutAsync("tenant", tenant.Files())).Created);
        await _storage.PutAsync("multi", SmallContainer.Mhr(["pirate", "polite"]).Files());
        var second = await _storage.PutAsync("tenant", tenant.Files());
        Assert.True(second.Created);
        Assert.NotEqual(first.Descriptor.Digest, second.Descriptor.Digest);
    }

    [Fact]
    public async Task A_shared_inventory_is_named_in_full_and_another_tenants_is_not_found()
    {
        await _storage.PutAsync("multi", SmallContainer.Mhr(["pirate"]).Files(), tenant: "shared");
        await _storage.PutAsync("tenant", SmallContainer.Mhr(["shout"], "shared/multi").Files());
        await _storage.PutAsync("own", SmallContainer.Mhr(["pirate"]).Files(), tenant: "other");
        Assert.Equal("inventory", (await _storage.RefusedAsync(SmallContainer.Mhr(["shout"], "other/own").Files())).Code);
        Assert.Equal("inventory", (await _storage.RefusedAsync(SmallContainer.Mhr(["shout"], "multi").Files())).Code);
    }

    [Fact]
    public async Task An_inventory_of_another_kind_is_refused()
    {
        await _storage.PutAsync("multi", new SmallLora().Files());
        Assert.Equal("inventory", (await _storage.RefusedAsync(SmallContainer.Mhr(["shout"], "multi").Files())).Code);
    }

    [Theory]
    [InlineData("heads", "option_range")]
    [InlineData("rank", "rank")]
    [InlineData("names", "option_range")]
    [InlineData("no names", "option_range")]
    [InlineData("routing", "shape_mismatch")]
    [InlineData("skills", "shape_mismatch")]
    [InlineData("missing", "missing_tensors")]
    [InlineData("surplus", "unknown_tensor")]
    [InlineData("targets", "missing_modules")]
    [InlineData("nan", "not_finite")]
    [InlineData("option", "unknown_option")]
    public async Task A_wrong_file_is_refused_with_its_own_code(string wrong, string code)
    {
        var made = SmallContainer.Mhr(["pirate", "polite"]);
        switch (wrong)
        {
            case "heads":
                made.Config["n_splits"] = 3;
                break;
            case "rank":
                made.Config["lora_rank"] = 0;
                break;
            case "names":
                made.Config["tasks"]![1] = "pirate";
                break;
            case "no names":
                made.Config.Remove("tasks");
                break;
            case "routing":
                made.Tensors[Logits] = ([1, 6], new float[6]);
                break;
            case "skills":
                made.Config["n_skills"] = 2;
                break;
            case "missing":
                made.Remove($"model.{Q0}.lora_b");
                break;
            case "surplus":
                made.Add($"model.{Q0}.lora_c", 2);
                break;
            case "targets":
                made.Config["target_modules"]!.AsArray().Add("model.layers.0.self_attn.v_proj");
                break;
            case "nan":
                made.Tensors[Logits].Values[0] = float.NaN;
                break;
            default:
                made.Config["novelty"] = 1;
                break;
        }

        Assert.Equal(code, (await _storage.RefusedAsync(made.Files())).Code);
        Assert.Empty(_storage.Catalog.List("acme"));
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    private static double Expected(SmallContainer skills, SmallContainer routing, int task, int row, int column)
    {
        var (a, b, logits) = (skills.Tensors[$"model.{Q0}.lora_a"].Values, skills.Tensors[$"model.{Q0}.lora_b"].Values, routing.Tensors[Logits].Values);
        double Weight(int head, int skill)
        {
            double Sigmoid(int s) => 1 / (1 + Math.Exp(-logits[(task * 6) + (head * 3) + s]));
            return Sigmoid(skill) / (Enumerable.Range(0, 3).Sum(Sigmoid) + 1e-12);
        }

        return 1.5 * Enumerable.Range(0, 2).Sum(r =>
            Enumerable.Range(0, 3).Sum(s => Weight(column / 4, s) * a[(((((column / 4) * 3) + s) * 4) + (column % 4)) * 2 + r])
            * Enumerable.Range(0, 3).Sum(s => Weight(row / 4, s) * b[(((((row / 4) * 3) + s) * 2) + r) * 4 + (row % 4)]));
    }

    private async Task<double[,]> DeltaAsync(string reference)
    {
        using var lease = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", reference), Cancellation);
        return DeltaOf(lease.Weights, Bases.Small);
    }
}

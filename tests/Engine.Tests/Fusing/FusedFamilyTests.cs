using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Families;
using AdapterServe.Engine.Tests.GenAi;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Fusing;

/// <summary>Models with biases, transposed weights, fused linears and capped logits, from both kinds of folder, with their adapters fused.</summary>
[Trait("Suite", "Goldens")]
public sealed class FusedFamilyTests
{
    private static readonly ImportOptions s_options = new() { IsFusable = true };

    public static TheoryData<string> Names => [.. FamilyModel.Names];

    public static TheoryData<string> Exported => [.. FamilyModel.Names.Where(FamilyExport.Knows)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_by_each_adapter_fused(string family)
    {
        await using var model = await FamilyModel.OpenAsync(family, options: s_options);
        await CheckAsync(model);
    }

    [Theory]
    [MemberData(nameof(Exported))]
    public async Task The_reference_is_reproduced_by_each_adapter_fused_into_an_export(string family)
    {
        using var folder = new TemporaryFolder();
        await using (var original = await FamilyModel.OpenAsync(family))
        {
            FamilyExport.Write(original.Folder, original.Model, folder.In("export"));
        }

        await using var model = await FamilyModel.OpenAsync(family, folder.In("export"), s_options);
        await CheckAsync(model);
    }

    [Fact]
    public async Task A_model_whose_linears_are_held_in_fewer_bits_is_refused_with_a_linears_name()
    {
        using var cache = new TemporaryFolder();
        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => new ModelImporter().ImportAsync(
            RepositoryFiles.DemoModel,
            cache.Path,
            s_options with { Weights = WeightFormat.Int8 },
            cancellation: TestContext.Current.CancellationToken));
        Assert.Equal("not_fusable", refusal.Code);
        Assert.Contains("_proj", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task CheckAsync(FamilyModel model)
    {
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model.Model, new EngineOptions { PrefillTokens = 7 });
        foreach (var golden in model.Goldens.Order(StringComparer.Ordinal))
        {
            var lease = await model.AcquireAsync(golden);
            if (lease is not null && !await TryFuseAsync(engine, model, golden, lease))
            {
                continue;
            }

            foreach (var expected in model.Cases(golden))
            {
                await GoldenRun.CheckAsync(
                    engine, golden, await model.AcquireAsync(golden), expected, scorePrompt: true, tolerance: Tolerances.FamilyLogProb);
            }

            if (engine.Fused.Target is { } target)
            {
                await engine.Fused.UnfuseAsync(target);
            }
        }
    }

    /// <summary>False for adapters of the embedding, which are refused.</summary>
    private static async Task<bool> TryFuseAsync(EngineHost engine, FamilyModel model, string golden, AdapterStore.Adapters.AdapterLease lease)
    {
        var version = model.Storage.Catalog.Resolve("default", golden);
        if (!golden.Contains("embedding", StringComparison.Ordinal))
        {
            await engine.Fused.FuseAsync(version, lease);
            return true;
        }

        var refusal = await Assert.ThrowsAsync<NotFusableException>(() => engine.Fused.FuseAsync(version, lease));
        Assert.Contains("which is the embedding", refusal.Message, StringComparison.Ordinal);
        return false;
    }
}

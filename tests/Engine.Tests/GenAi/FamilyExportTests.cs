using AdapterServe.Engine.Tests.Families;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>Exports of the families' models, with and without adapters made for their Hugging Face classes, against what Hugging Face's code computed.</summary>
[Trait("Suite", "Goldens")]
public sealed class FamilyExportTests
{
    public static TheoryData<string> Names => [.. FamilyModel.Names.Where(FamilyExport.Knows)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_from_an_export(string family)
    {
        using var folder = new TemporaryFolder();
        await using (var original = await FamilyModel.OpenAsync(family))
        {
            FamilyExport.Write(original.Folder, original.Model, folder.In("export"));
        }

        await using var model = await FamilyModel.OpenAsync(family, folder.In("export"));
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model.Model, new EngineOptions { PrefillTokens = 7 });
        foreach (var golden in model.Goldens)
        {
            foreach (var expected in model.Cases(golden))
            {
                await GoldenRun.CheckAsync(engine, golden, await model.AcquireAsync(golden), expected, scorePrompt: true, tolerance: Tolerances.FamilyLogProb);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Sites_and_what_adapters_see_are_those_of_the_Hugging_Face_folder(string family)
    {
        using var folder = new TemporaryFolder();
        await using var original = await FamilyModel.OpenAsync(family);
        FamilyExport.Write(original.Folder, original.Model, folder.In("export"));
        await using var export = await FamilyModel.OpenAsync(family, folder.In("export"));

        var (expected, actual) = (original.Model.Base, export.Model.Base);
        Assert.Equal(expected.Sites.Select(site => (site.Path, site.Kind, site.InFeatures, site.OutFeatures, site.FirstRow)), actual.Sites.Select(site => (site.Path, site.Kind, site.InFeatures, site.OutFeatures, site.FirstRow)));
        Assert.Equal((expected.Layers, expected.KvHeads, expected.HeadSize, expected.HasTiedEmbeddings), (actual.Layers, actual.KvHeads, actual.HeadSize, actual.HasTiedEmbeddings));
        Assert.Equal((expected.Weights!.NormEpsilon, expected.Weights.NormKind), (actual.Weights!.NormEpsilon, actual.Weights.NormKind));
    }
}

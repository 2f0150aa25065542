using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Families;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Models.Quantized;

/// <summary>Models whose matrices are rounded to blocks of integers at import.</summary>
public sealed class BlockedModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Families => [.. FamilyModel.Names];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Adapters_see_what_the_blocks_hold_of_every_family(string family)
    {
        var exact = await ImportAsync(family, new ImportOptions());
        foreach (var (format, codes) in new[] { (WeightFormat.Int8, 128), (WeightFormat.Int4, 8) })
        {
            var blocked = await ImportAsync(family, new ImportOptions { Weights = format, EmbeddingWeights = format });
            Assert.Equal(exact.Base.Sites.Length, blocked.Base.Sites.Length);
            foreach (var site in exact.Base.Sites.Where(site => site.Kind != SiteKind.Sublayer))
            {
                var (expected, actual) = (Read(exact, site), Read(blocked, site));
                var bound = site.Kind == SiteKind.Norm ? 0 : 1.6 * expected.Max(Math.Abs) / codes; // As for the quantiser: no weight is further off than 1.6 steps.
                Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - bound, pair.First + bound));
                Assert.Equal(site.Kind != SiteKind.Norm, !expected.AsSpan().SequenceEqual(actual));

                var last = new float[site.WeightColumns];
                blocked.Base.Weights!.ReadRows(site, site.WeightRows - 1, last);
                Assert.Equal(actual[^last.Length..], last);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Every_family_stays_close_in_8_bits(string family)
    {
        var golden = GoldenFile.ReadPath(Path.Combine(GoldenFile.Folder, "families", family, "goldens", "base.json"));
        var model = await ImportAsync(family, new ImportOptions { Weights = WeightFormat.Int8 });
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model, new EngineOptions());
        var (differences, scored) = (new List<double>(), new List<double>());
        foreach (var expected in golden.Cases)
        {
            var scores = await Scoring.PromptAsync(engine, expected.PromptIds);
            foreach (var i in Enumerable.Range(1, expected.PromptIds.Length - 1))
            {
                scored.Add(expected.PromptLogprobs[i]!.Value);
                differences.Add(Math.Abs(scores[i] - scored[^1]));
            }
        }

        var spread = scored.Select(score => Math.Abs(score - scored.Average())).Average();
        Assert.InRange(differences.Average() / spread, 1e-7, Tolerances.FamilyIn8Bits);
    }

    private static float[] Read(ImportedModel model, Site site)
    {
        var values = new float[site.WeightRows * site.WeightColumns];
        model.Base.Weights!.Read(model.Base.FindSite(site.Path)!, values);
        return values;
    }

    private Task<ImportedModel> ImportAsync(string family, ImportOptions options) => new ModelImporter().ImportAsync(
        Path.Combine(GoldenFile.Folder, "families", family, "model"), _folder.In("cache"), options, cancellation: TestContext.Current.CancellationToken);
}

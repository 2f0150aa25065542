using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Models.Quantized;

public sealed class BlockedImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_way_to_hold_the_weights_is_an_import_of_its_own_and_found_again()
    {
        new TinyCheckpoint().Fill().Write(_folder.In("tiny"));
        var ways = new[]
        {
            new ImportOptions(),
            new ImportOptions { Weights = WeightFormat.Int8 },
            new ImportOptions { Weights = WeightFormat.Int4 },
            new ImportOptions { Weights = WeightFormat.Int4, EmbeddingWeights = WeightFormat.F32 },
            new ImportOptions { Weights = WeightFormat.Int4, EmbeddingWeights = WeightFormat.Int4 },
        };
        var fingerprints = new List<string>();
        foreach (var way in ways)
        {
            var first = await ImportAsync(way);
            fingerprints.Add(first.Base.Fingerprint);
            var written = File.GetLastWriteTimeUtc(first.Weights[^1].Path);
            var second = await ImportAsync(way);
            Assert.Equal(first.Weights, second.Weights, (a, b) => (a.Name, a.Path, a.Offset) == (b.Name, b.Path, b.Offset));
            Assert.Equal(written, File.GetLastWriteTimeUtc(second.Weights[^1].Path));
        }

        Assert.Equal(ways.Length, fingerprints.Distinct().Count());
    }

    [Fact]
    public async Task A_tied_embedding_lies_in_the_import_once()
    {
        new TinyCheckpoint { Tied = true }.Fill().Write(_folder.In("tiny"));
        var model = await ImportAsync(new ImportOptions { Weights = WeightFormat.Int8 });
        var codes = Assert.Single(model.Weights, weight => weight.Name == "model.embed_tokens.weight.codes");
        var rows = Assert.Single(model.Weights, weight => weight.Name == "model.embed_tokens.weight.code_rows");
        Assert.Equal((codes.Path, codes.Offset, codes.Bytes), (rows.Path, rows.Offset, rows.Bytes));
        using var runner = new ReferenceRunner(model, blocks: 4);
        Assert.Equal(TinyCheckpoint.Vocabulary, runner.Step([[3, 1, 4]], [2])[0].Length);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public async Task Weights_that_are_not_finite_are_refused_and_nothing_stays(float value)
    {
        var checkpoint = new TinyCheckpoint().Fill();
        checkpoint.Values["model.layers.1.mlp.down_proj.weight"][77] = value;
        checkpoint.Write(_folder.In("tiny"));
        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(new ImportOptions { Weights = WeightFormat.Int4 }));
        Assert.Equal("weights_not_finite", refusal.Code);
        Assert.Equal([_folder.In("cache", "digests")], Directory.GetDirectories(_folder.In("cache")));
    }

    [Fact]
    public async Task Values_that_every_type_holds_are_rounded_alike_from_each()
    {
        var read = new List<float[]>();
        foreach (var type in new[] { SafetensorsType.F32, SafetensorsType.BF16, SafetensorsType.F16 })
        {
            new TinyCheckpoint { DType = type }.Fill().Write(_folder.In("tiny"));
            var model = await ImportAsync(new ImportOptions { Weights = WeightFormat.Int4 });
            var site = model.Base.FindSite("model.layers.0.self_attn.o_proj")!;
            read.Add(new float[site.WeightRows * site.WeightColumns]);
            model.Base.Weights!.Read(site, read[^1]);
        }

        Assert.Equal(read[0], read[1]);
        Assert.Equal(read[0], read[2]);
    }

    private Task<ImportedModel> ImportAsync(ImportOptions options) =>
        new ModelImporter().ImportAsync(_folder.In("tiny"), _folder.In("cache"), options, cancellation: TestContext.Current.CancellationToken);
}

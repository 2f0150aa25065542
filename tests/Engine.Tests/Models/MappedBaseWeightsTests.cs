using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Models;

public sealed class MappedBaseWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SafetensorsType.F32, false)]
    [InlineData(SafetensorsType.BF16, true)]
    public async Task Every_linear_and_the_head_are_read_bit_for_bit(SafetensorsType type, bool tied)
    {
        var checkpoint = new TinyCheckpoint { DType = type, Tied = tied }.Fill();
        var model = await ImportAsync(checkpoint);
        foreach (var site in model.Base.Sites.Where(site => site.Kind is SiteKind.Linear or SiteKind.Head))
        {
            var name = site.Kind == SiteKind.Head && tied ? "model.embed_tokens.weight" : site.Path + ".weight";
            var actual = new float[site.OutFeatures * site.InFeatures];
            model.Base.Weights!.Read(site, actual);
            Assert.Equal(checkpoint.Values[name], actual);
        }
    }

    [Fact]
    public async Task A_norm_and_a_wrong_length_are_refused()
    {
        var model = await ImportAsync(new TinyCheckpoint().Fill());
        var norm = model.Base.FindSite("model.norm")!;
        Assert.Throws<ArgumentException>(() => model.Base.Weights!.Read(norm, new float[norm.OutFeatures]));
        var linear = model.Base.FindSite("model.layers.0.mlp.up_proj")!;
        Assert.Throws<ArgumentException>(() => model.Base.Weights!.Read(linear, new float[3]));
    }

    private Task<ImportedModel> ImportAsync(TinyCheckpoint checkpoint)
    {
        checkpoint.Write(_folder.In("tiny"), shards: 1);
        return new ModelImporter().ImportAsync(_folder.In("tiny"), _folder.In("cache"), cancellation: TestContext.Current.CancellationToken);
    }
}

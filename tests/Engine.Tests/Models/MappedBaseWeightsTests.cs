using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Goldens;

namespace AdapterServe.Engine.Tests.Models;

public sealed class MappedBaseWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SafetensorsType.F32, false)]
    [InlineData(SafetensorsType.BF16, true)]
    public async Task Every_weight_is_read_bit_for_bit(SafetensorsType type, bool tied)
    {
        var checkpoint = new TinyCheckpoint { DType = type, Tied = tied }.Fill();
        var model = await ImportAsync(checkpoint);
        Assert.Equal(tied, model.Base.HasTiedEmbeddings);
        foreach (var site in model.Base.Sites.Where(site => site.Kind != SiteKind.Sublayer))
        {
            var name = site.Kind == SiteKind.Head && tied ? "model.embed_tokens.weight" : site.Path + ".weight";
            var actual = new float[site.WeightRows * site.WeightColumns];
            model.Base.Weights!.Read(site, actual);
            Assert.Equal(checkpoint.Values[name], actual);

            var last = new float[site.WeightColumns];
            model.Base.Weights!.ReadRows(site, site.WeightRows - 1, last);
            Assert.Equal(actual[^last.Length..], last);
        }
    }

    [Fact]
    public async Task A_part_of_a_fused_linear_is_read_as_the_linear_that_it_stands_for()
    {
        var checkpoint = new TinyCheckpoint().Fill();
        checkpoint.Config["architectures"] = new JsonArray("Phi3ForCausalLM");
        checkpoint.Fuse();
        var model = await ImportAsync(checkpoint);
        foreach (var path in (string[])["self_attn.q_proj", "self_attn.v_proj", "self_attn.qkv_proj", "mlp.up_proj", "mlp.gate_up_proj"])
        {
            var site = model.Base.FindSite("model.layers.1." + path)!;
            var actual = new float[site.WeightRows * site.WeightColumns];
            model.Base.Weights!.Read(site, actual);
            Assert.Equal(checkpoint.Values[site.Path + ".weight"], actual);
        }
    }

    [Fact]
    public async Task A_weight_held_by_columns_is_read_by_rows()
    {
        var folder = Path.Combine(GoldenFile.Folder, "families", "gpt2", "model");
        var model = await new ModelImporter().ImportAsync(folder, _folder.In("cache"), cancellation: TestContext.Current.CancellationToken);
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        var tensor = file.Tensors["transformer.h.1.mlp.c_fc.weight"];
        var (inputs, outputs) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        var stored = new float[inputs * outputs];
        file.CopyToF32(tensor, 0, stored);

        var rows = new float[2 * inputs];
        model.Base.Weights!.ReadRows(model.Base.FindSite("transformer.h.1.mlp.c_fc")!, 5, rows);

        Assert.Equal(Enumerable.Range(5, 2).SelectMany(row => Enumerable.Range(0, inputs).Select(column => stored[(column * outputs) + row])), rows);
        var bias = new float[outputs];
        Assert.True(model.Base.Weights.TryReadBias(model.Base.FindSite("transformer.h.1.mlp.c_fc")!, bias));
    }

    [Fact]
    public async Task A_sublayer_a_wrong_length_and_rows_beyond_the_last_are_refused()
    {
        var model = await ImportAsync(new TinyCheckpoint().Fill());
        var sublayer = model.Base.FindSite("model.layers.0.mlp")!;
        Assert.Throws<ArgumentException>(() => model.Base.Weights!.Read(sublayer, new float[sublayer.WeightRows * sublayer.WeightColumns]));
        var head = model.Base.FindSite("lm_head")!;
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Base.Weights!.ReadRows(head, head.WeightRows - 1, new float[2 * head.WeightColumns]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Base.Weights!.ReadRows(head, -1, new float[head.WeightColumns]));
        var linear = model.Base.FindSite("model.layers.0.mlp.up_proj")!;
        Assert.Throws<ArgumentException>(() => model.Base.Weights!.Read(linear, new float[3]));
    }

    private Task<ImportedModel> ImportAsync(TinyCheckpoint checkpoint)
    {
        checkpoint.Write(_folder.In("tiny"), shards: 1);
        return new ModelImporter().ImportAsync(_folder.In("tiny"), _folder.In("cache"), cancellation: TestContext.Current.CancellationToken);
    }
}

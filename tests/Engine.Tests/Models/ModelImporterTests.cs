using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.Engine.Tests.Models;

public sealed class ModelImporterTests : IDisposable
{
    private static readonly int[] s_tokens = [1, 5, 16, 0, 7, 7, 3, 11, 2];
    private readonly TemporaryFolder _folder = new();

    private string ModelFolder => _folder.In("tiny");

    private string CacheFolder => _folder.In("cache", "models");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SafetensorsType.F32, false, false, 1)]
    [InlineData(SafetensorsType.F32, true, false, 1)]
    [InlineData(SafetensorsType.F32, false, true, 3)]
    [InlineData(SafetensorsType.BF16, true, true, 1)]
    [InlineData(SafetensorsType.F16, false, false, 2)]
    public async Task A_checkpoint_computes_what_the_architecture_defines(SafetensorsType type, bool tied, bool biases, int shards)
    {
        var checkpoint = new TinyCheckpoint { DType = type, Tied = tied, Biases = biases }.Fill();
        checkpoint.Write(ModelFolder, shards);
        var model = await ImportAsync();
        using var runner = new ReferenceRunner(model, blocks: 2);
        var expected = new ScalarLlama(checkpoint).Logits(s_tokens);
        var actual = runner.Step([s_tokens[..4]], [0, 1, 2, 3]).Concat(runner.Step([s_tokens[4..]], [0, 1, 2, 3, 4])).ToArray();
        for (var row = 0; row < s_tokens.Length; row++)
        {
            var scale = expected[row].Max(Math.Abs);
            Assert.All(expected[row].Zip(actual[row]), pair => Assert.InRange(pair.Second - pair.First, -Tolerances.TinyLogits * scale, Tolerances.TinyLogits * scale));
        }
    }

    [Theory]
    [InlineData(SafetensorsType.BF16)]
    [InlineData(SafetensorsType.F16)]
    [InlineData(SafetensorsType.F32)]
    public async Task Every_weight_is_found_bit_for_bit_where_its_reference_says(SafetensorsType type)
    {
        var checkpoint = new TinyCheckpoint { DType = type }.Fill();
        checkpoint.Write(ModelFolder, shards: 2);
        var model = await ImportAsync();
        foreach (var (name, values) in checkpoint.Values)
        {
            var weight = Assert.Single(model.Weights, weight => weight.Name == name);
            Assert.Equal(checkpoint.Shapes[name], weight.Shape);
            Assert.Equal(type == SafetensorsType.F32, weight.Path.StartsWith(ModelFolder, StringComparison.Ordinal));
            Assert.Equal(values, Floats(weight));
        }
    }

    [Fact]
    public async Task The_rotary_tables_hold_the_angles_of_every_position()
    {
        new TinyCheckpoint().Fill().Write(ModelFolder);
        var model = await ImportAsync();
        var cos = Floats(model.Weights.Single(weight => weight.Name == GraphNames.CosTable(0)));
        var sin = Floats(model.Weights.Single(weight => weight.Name == GraphNames.SinTable(0)));
        Assert.Equal(32 * 3, cos.Length);
        for (var position = 0; position < 32; position++)
        {
            for (var i = 0; i < 3; i++)
            {
                var angle = position / Math.Pow(500, i / 3.0);
                Assert.InRange(cos[(position * 3) + i] - Math.Cos(angle), -Tolerances.RotaryTable, Tolerances.RotaryTable);
                Assert.InRange(sin[(position * 3) + i] - Math.Sin(angle), -Tolerances.RotaryTable, Tolerances.RotaryTable);
            }
        }
    }

    [Fact]
    public async Task Sites_are_named_and_sized_after_the_models_own_modules()
    {
        new TinyCheckpoint { Tied = true }.Fill().Write(ModelFolder);
        var model = await ImportAsync();
        Assert.Equal(1 + (2 * 11) + 2, model.Base.Sites.Length);
        Assert.Equal(new Site(0, "model.embed_tokens", SiteKind.Embedding, 17, 12), model.Base.Sites[0]);
        Assert.Equal((SiteKind.Linear, 12, 18), Facts("model.layers.1.self_attn.q_proj"));
        Assert.Equal((SiteKind.Linear, 12, 6), Facts("model.layers.0.self_attn.v_proj"));
        Assert.Equal((SiteKind.Linear, 18, 12), Facts("model.layers.1.self_attn.o_proj"));
        Assert.Equal((SiteKind.Linear, 20, 12), Facts("model.layers.1.mlp.down_proj"));
        Assert.Equal((SiteKind.Norm, 12, 12), Facts("model.layers.0.post_attention_layernorm"));
        Assert.Equal((SiteKind.Norm, 12, 12), Facts("model.norm"));
        Assert.Equal((SiteKind.Sublayer, 12, 12), Facts("model.layers.1.mlp"));
        Assert.Equal((SiteKind.Head, 12, 17), Facts("lm_head"));
        Assert.Equal("tiny", model.Base.Id);

        (SiteKind Kind, int In, int Out) Facts(string path) => model.Base.FindSite(path) is { } site ? (site.Kind, site.InFeatures, site.OutFeatures) : default;
    }

    [Fact]
    public async Task The_graph_has_one_site_operator_behind_each_site_and_no_weights_of_its_own()
    {
        new TinyCheckpoint().Fill().Write(ModelFolder);
        var model = await ImportAsync();
        var graph = ModelProto.Parser.ParseFrom(model.GraphBytes.Span).Graph;
        var counts = graph.Node.CountBy(node => node.OpType).ToDictionary();
        Assert.Equal((20, 1, 4, 2), (counts["SiteOutput"], counts["EmbeddingSite"], counts["SublayerSite"], counts["PagedAttention"]));
        Assert.Equal((15, 5, 4, 2), (counts["Gemm"], counts["SimplifiedLayerNormalization"], counts["Add"], counts["Gather"]));
        Assert.Equal(
            ["input_ids", "block_table", "cumulative_sequence_lengths", "past_sequence_lengths", "logits_rows", "key_cache.0", "value_cache.0", "key_cache.1", "value_cache.1"],
            graph.Input.Select(input => input.Name));
        Assert.Equal(["logits"], graph.Output.Select(output => output.Name));
        Assert.All(graph.Initializer, weight => Assert.True(weight.DataLocation == TensorProto.Types.DataLocation.External && weight.RawData.IsEmpty));
        var sites = graph.Node.Where(node => node.OpType is "SiteOutput" or "EmbeddingSite" or "SublayerSite").Select(node => node.Attribute.Single(attribute => attribute.Name == "site").I);
        Assert.Equal(Enumerable.Range(0, 25).Select(index => (long)index), sites);
    }

    [Fact]
    public async Task The_same_content_is_converted_once_and_has_one_fingerprint_wherever_it_lies()
    {
        new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill().Write(ModelFolder);
        new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill().Write(_folder.In("copy"));
        var created = new List<string>();
        var importer = Recording(created);
        var first = await importer.ImportAsync(ModelFolder, CacheFolder, cancellation: TestContext.Current.CancellationToken);
        var second = await importer.ImportAsync(_folder.In("copy"), CacheFolder, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(first.Base.Fingerprint, second.Base.Fingerprint);
        Assert.Single(created);
    }

    [Fact]
    public async Task Another_configuration_or_other_weights_have_another_fingerprint()
    {
        var checkpoint = new TinyCheckpoint().Fill();
        checkpoint.Write(ModelFolder);
        var original = (await ImportAsync()).Base.Fingerprint;
        checkpoint.Config["rms_norm_eps"] = 2e-5;
        checkpoint.WriteConfig(ModelFolder);
        var otherConfig = (await ImportAsync()).Base.Fingerprint;
        checkpoint.Values["model.norm.weight"][3] += 1;
        File.Delete(Path.Combine(ModelFolder, "model.safetensors"));
        checkpoint.Write(ModelFolder);
        var otherWeights = (await ImportAsync()).Base.Fingerprint;
        Assert.Equal(3, new HashSet<string> { original, otherConfig, otherWeights }.Count);
    }

    [Fact]
    public async Task Imports_at_once_do_the_work_once()
    {
        new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill().Write(ModelFolder);
        var created = new List<string>();
        var importer = Recording(created);
        var imports = Enumerable.Range(0, 8).Select(_ => Task.Run(() => importer.ImportAsync(ModelFolder, CacheFolder)));
        var models = await Task.WhenAll(imports);
        Assert.Single(created);
        Assert.Single(models.Select(model => model.Base.Fingerprint).Distinct());
        Assert.All(models, model => Assert.True(File.Exists(model.Weights[0].Path)));
    }

    [Fact]
    public async Task What_a_killed_import_left_is_not_taken_for_whole()
    {
        var checkpoint = new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill();
        checkpoint.Write(ModelFolder);
        var whole = await ImportAsync();
        var import = Path.GetDirectoryName(whole.Weights[0].Path)!;
        Directory.Move(import, import + ".partial");
        File.WriteAllBytes(Path.Combine(import + ".partial", WeightPlan.WrittenFile), new byte[100]);
        foreach (var digest in Directory.EnumerateFiles(Path.Combine(CacheFolder, "digests")))
        {
            File.WriteAllText(digest, "abc");
        }

        var again = await ImportAsync();
        Assert.Equal(whole.Base.Fingerprint, again.Base.Fingerprint);
        Assert.Equal(checkpoint.Values["lm_head.weight"], Floats(again.Weights.Single(weight => weight.Name == "lm_head.weight")));
        Assert.False(Directory.Exists(import + ".partial"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task A_cached_file_that_lost_its_end_is_made_again(int length)
    {
        var checkpoint = new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill();
        checkpoint.Write(ModelFolder);
        var path = (await ImportAsync()).Weights[0].Path;
        File.WriteAllBytes(path, new byte[length]);
        var again = await ImportAsync();
        Assert.Equal(path, again.Weights[0].Path);
        Assert.Equal(checkpoint.Values["model.norm.weight"], Floats(again.Weights.Single(weight => weight.Name == "model.norm.weight")));
    }

    [Fact]
    public async Task A_full_disk_is_told_as_such_and_leaves_nothing_behind()
    {
        new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill().Write(ModelFolder);
        var importer = new ModelImporter(TimeProvider.System, _ => new FileStream("/dev/full", FileMode.Open, FileAccess.Write));
        var error = await Assert.ThrowsAsync<ModelImportException>(() => importer.ImportAsync(ModelFolder, CacheFolder, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal("disk_full", error.Code);
        Assert.Equal(["digests"], Directory.EnumerateDirectories(CacheFolder).Select(Path.GetFileName));
        Assert.NotNull(await ImportAsync());
    }

    [Fact]
    public async Task A_cancelled_import_leaves_nothing_behind()
    {
        new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill().Write(ModelFolder);
        using var cancellation = new CancellationTokenSource();
        var progress = new Progress(report => CancelAt(report, cancellation));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ModelImporter().ImportAsync(ModelFolder, CacheFolder, null, progress, cancellation.Token));
        Assert.Equal(["digests"], Directory.EnumerateDirectories(CacheFolder).Select(Path.GetFileName));

        static void CancelAt(ImportProgress report, CancellationTokenSource source)
        {
            if (report is { Stage: ImportStage.Converting, Done: 3 })
            {
                source.Cancel();
            }
        }
    }

    [Fact]
    public async Task Progress_counts_up_to_the_end_of_each_stage()
    {
        new TinyCheckpoint { DType = SafetensorsType.BF16 }.Fill().Write(ModelFolder);
        var reports = new List<ImportProgress>();
        await new ModelImporter().ImportAsync(ModelFolder, CacheFolder, null, new Progress(reports.Add), TestContext.Current.CancellationToken);
        var converting = reports.Where(report => report.Stage == ImportStage.Converting).ToArray();
        Assert.Equal(Enumerable.Range(0, 24).Select(done => (long)done), converting.Select(report => report.Done));
        Assert.All(converting, report => Assert.Equal(23, report.Total));
    }

    [Fact]
    public async Task End_ids_come_from_the_generation_configuration_first()
    {
        var checkpoint = new TinyCheckpoint().Fill();
        checkpoint.Write(ModelFolder);
        Assert.Equal([2], (await ImportAsync()).Shape.EosTokenIds);
        File.WriteAllText(Path.Combine(ModelFolder, "generation_config.json"), """{"eos_token_id": [3, 4, 3]}""");
        Assert.Equal([3, 4], (await ImportAsync()).Shape.EosTokenIds);
        File.WriteAllText(Path.Combine(ModelFolder, "generation_config.json"), "{}");
        checkpoint.Config.Remove("eos_token_id");
        checkpoint.WriteConfig(ModelFolder);
        Assert.Empty((await ImportAsync()).Shape.EosTokenIds);
    }

    [Fact]
    public async Task Rotary_buffers_and_an_equal_tied_head_in_the_file_do_no_harm()
    {
        var checkpoint = new TinyCheckpoint { Tied = true }.Fill();
        checkpoint.Add("model.layers.0.self_attn.rotary_emb.inv_freq", 3);
        checkpoint.Add("lm_head.weight", 17, 12);
        checkpoint.Values["lm_head.weight"] = checkpoint.Values["model.embed_tokens.weight"];
        checkpoint.Write(ModelFolder);
        Assert.DoesNotContain((await ImportAsync()).Weights, weight => weight.Name is "lm_head.weight" or "model.layers.0.self_attn.rotary_emb.inv_freq");
    }

    private static ModelImporter Recording(List<string> created) => new(TimeProvider.System, path =>
    {
        lock (created)
        {
            created.Add(path);
        }

        return new FileStream(path, FileMode.CreateNew);
    });

    private static float[] Floats(WeightReference weight)
    {
        using var file = MappedFile.Open(weight.Path);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(file.Slice(weight.Offset, (int)weight.Bytes)).ToArray();
    }

    private Task<ImportedModel> ImportAsync() => new ModelImporter().ImportAsync(ModelFolder, CacheFolder, cancellation: TestContext.Current.CancellationToken);

    private sealed class Progress(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }
}

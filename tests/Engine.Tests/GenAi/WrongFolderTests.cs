using System.Globalization;
using System.Text.Json.Nodes;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>Folders that can't be served: each is refused in a sentence, and nothing of it stays in the cache.</summary>
public sealed class WrongFolderTests : IDisposable
{
    private const string Model = "model.onnx";
    private const string Data = "model.onnx.data";
    private const string Attention = "/model/layers.0/attn/GroupQueryAttention";
    private const string Query = "/model/layers.0/attn/qkv_proj/MatMul";

    private static readonly Dictionary<string, (string Code, Action<ModelExport> Spoil)> Graphs = new()
    {
        ["an unknown operator"] = ("graph_unsupported", export => Node(export, Query).OpType = "Einsum"),
        ["an operator of another domain"] = ("graph_unsupported", export => Node(export, Query).Domain = "com.example"),
        ["an unknown attribute"] = ("graph_unsupported", export => Set(export, Attention, "secret", 1)),
        ["an attribute twice"] = ("graph_unsupported", export => Node(export, Attention).Attribute.Add(Node(export, Attention).Attribute[0].Clone())),
        ["an attribute of another type"] = ("graph_unsupported", export => Replace(export, Attention, new AttributeProto { Name = "num_heads", Type = AttributeProto.Types.AttributeType.Float, F = 4 })),
        ["interleaved rotation"] = ("graph_unsupported", export => Set(export, Attention, "rotary_interleaved", 1)),
        ["a smooth softmax"] = ("graph_unsupported", export => Set(export, Attention, "smooth_softmax", 1)),
        ["attention sinks"] = ("graph_unsupported", export => Node(export, Attention).Input[11] = "model.layers.0.input_layernorm.weight"),
        ["other heads than the configuration's"] = ("graph_config_mismatch", export => Set(export, Attention, "num_heads", 8)),
        ["the keys of another layer"] = ("graph_unsupported", export => Node(export, Attention).Input[3] = "past_key_values.1.key"),
        ["values as keys"] = ("graph_unsupported", export => Node(export, Attention).Input[3] = "past_key_values.0.value"),
        ["present keys under another name"] = ("graph_unsupported", export => Node(export, Attention).Output[1] = "present.9.key"),
        ["another length of the sequences"] = ("graph_unsupported", export => Node(export, Attention).Input[5] = "/model/attn_mask_reformat/attn_mask_subgraph/Gather/Cast/output_0"),
        ["a length computed otherwise"] = ("graph_unsupported", export => Node(export, "/model/attn_mask_reformat/attn_mask_subgraph/Sub").OpType = "ReduceSum"),
        ["a value that nothing makes"] = ("graph_unsupported", export => Node(export, Query).Input[0] = "nothing"),
        ["a value of a later node"] = ("graph_unsupported", export => Node(export, Query).Input[0] = "/model/layers.1/input_layernorm/output_0"),
        ["a value made twice"] = ("graph_invalid", export => Node(export, "/model/layers.0/mlp/up_proj/MatMul").Output[0] = "/model/layers.0/mlp/gate_proj/MatMul/output_0"),
        ["two nodes of one name"] = ("graph_unsupported", export => Node(export, "/model/layers.0/mlp/up_proj/MatMul").Name = "/model/layers.0/mlp/gate_proj/MatMul"),
        ["a node without a module's name"] = ("graph_unsupported", export => Node(export, "/model/layers.0/mlp/up_proj/MatMul").Name = "MatMul_7"),
        ["a bias of another width"] = ("graph_unsupported", export => Shape(export, "model.layers.0.attn.qkv_proj.Add.bias", 64, 2)),
        ["a weight of another width"] = ("graph_unsupported", export => Shape(export, "model.layers.0.mlp.up_proj.MatMul.weight", 64, 32)),
        ["a norm of another width"] = ("graph_unsupported", export => Shape(export, "model.layers.0.input_layernorm.weight", 16, 2)),
        ["rotary tables wider than a head"] = ("graph_unsupported", export => Shape(export, "cos_cache", 8, 64)),
        ["another epsilon in one norm"] = ("graph_unsupported", export => Replace(export, "/model/layers.1/input_layernorm/SkipLayerNorm", new AttributeProto { Name = "epsilon", Type = AttributeProto.Types.AttributeType.Float, F = 1e-3f })),
        ["no head"] = ("graph_config_mismatch", export => Node(export, "/lm_head/MatMul").Output[0] = "others"),
        ["an input that nobody knows"] = ("graph_config_mismatch", export => export.Graph.Input.Add(new ValueInfoProto { Name = "pixel_values" })),
        ["f16 keys and values"] = ("graph_half_precision", export => export.Graph.Input[2].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Float16),
        ["an f16 tensor"] = ("graph_half_precision", export => export.Graph.Initializer[0].DataType = (int)TensorProto.Types.DataType.Float16),
        ["an f64 tensor"] = ("graph_tensor", export => export.Graph.Initializer[0].DataType = 11),
        ["two tensors of one name"] = ("graph_invalid", export => export.Graph.Initializer[1].Name = export.Graph.Initializer[0].Name),
        ["a negative size"] = ("graph_tensor", export => export.Graph.Initializer[0].Dims[0] = -40),
        ["sizes beyond 64 bits"] = ("graph_tensor", export => export.Graph.Initializer[0].Dims[0] = long.MaxValue),
        ["another length of its data"] = ("graph_tensor", export => External(export, "length", "4")),
        ["an offset that is no number"] = ("graph_tensor", export => External(export, "offset", "-4")),
        ["an offset behind the file"] = ("data_truncated", export => External(export, "offset", long.MaxValue.ToString(CultureInfo.InvariantCulture))),
        ["an unknown key of external data"] = ("graph_tensor", export => export.Graph.Initializer[0].ExternalData.Add(new StringStringEntryProto { Key = "basepath", Value = "/" })),
        ["a data file that is not there"] = ("data_missing", export => External(export, "location", "other.data")),
        ["a data file in the parent"] = ("data_path", export => External(export, "location", "../model.onnx.data")),
        ["a data file behind a detour"] = ("data_path", export => External(export, "location", "a/../../model.onnx.data")),
        ["a data file by its full path"] = ("data_path", export => External(export, "location", "/etc/passwd")),
        ["a data file with a backslash"] = ("data_path", export => External(export, "location", "..\\model.onnx.data")),
        ["a data file without a name"] = ("data_path", export => External(export, "location", "")),
    };

    private static readonly Dictionary<string, (string Code, Action<ModelExport> Spoil)> Blocks = new()
    {
        ["codes of another size"] = ("graph_unsupported", export => Node(export, "/model/layers.0/mlp/up_proj/MatMul_Q4").Input[1] = "model.layers.0.attn.k_proj.MatMul.weight_Q"),
        ["another K"] = ("graph_unsupported", export => Set(export, "/model/layers.0/mlp/up_proj/MatMul_Q4", "K", 64)),
        ["another N"] = ("graph_unsupported", export => Set(export, "/model/layers.0/mlp/up_proj/MatMul_Q4", "N", 65)),
        ["2 bits"] = ("graph_unsupported", export => Set(export, "/model/layers.0/mlp/up_proj/MatMul_Q4", "bits", 2)),
        ["an odd block size"] = ("graph_unsupported", export => Set(export, "/model/layers.0/mlp/up_proj/MatMul_Q4", "block_size", 24)),
        ["weights packed for a GPU"] = ("graph_unsupported", export => Set(export, "/model/layers.0/mlp/up_proj/MatMul_Q4", "weight_prepacked", 1)),
        ["groups that are not there"] = ("graph_unsupported", export => Inline(export, "model.layers.0.mlp.up_proj.g_idx", 99)),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> GraphNames => [.. Graphs.Keys];

    public static TheoryData<string> BlockNames => [.. Blocks.Keys];

    private string ModelFolder => _folder.In("model");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(GraphNames))]
    public async Task A_graph_that_cannot_be_served_exactly_is_refused(string name)
    {
        var export = ModelExport.Of(new ExportOptions { HasBias = true });
        Graphs[name].Spoil(export);
        await RefuseAsync(export, Graphs[name].Code);
    }

    [Theory]
    [MemberData(nameof(BlockNames))]
    public async Task Blocks_that_do_not_fit_are_refused(string name)
    {
        var export = ModelExport.Of(new ExportOptions { Bits = 4, HasGroups = true, IsPacked = false });
        Blocks[name].Spoil(export);
        await RefuseAsync(export, Blocks[name].Code);
    }

    [Theory]
    [InlineData("model.type", "\"whisper\"", "architecture_unsupported")]
    [InlineData("model.type", "7", "config_field")]
    [InlineData("model.vision", "{}", "config_unsupported")]
    [InlineData("model.encoder", "{}", "config_unsupported")]
    [InlineData("model.decoder.pipeline", "[]", "config_unsupported")]
    [InlineData("model.decoder.sliding_window", "{\"window_size\":8}", "config_unsupported")]
    [InlineData("model.decoder.session_options.custom_ops_library", "\"evil.so\"", "config_unsupported")]
    [InlineData("model.decoder.filename", "\"../model.onnx\"", "config_field")]
    [InlineData("model.decoder.filename", "\"/etc/passwd\"", "config_field")]
    [InlineData("model.decoder.filename", "\"other.onnx\"", "graph_missing")]
    [InlineData("model.decoder.inputs.inputs_embeds", "\"inputs_embeds\"", "config_unsupported")]
    [InlineData("model.decoder.inputs.block_table", "\"block_table\"", "config_unsupported")]
    [InlineData("model.decoder.inputs.past_key_names", "\"past.key\"", "config_field")]
    [InlineData("model.decoder.inputs.past_key_names", "\"past.%d.%d\"", "config_field")]
    [InlineData("model.decoder.outputs.logits", "\"other\"", "graph_config_mismatch")]
    [InlineData("model.decoder.num_hidden_layers", "1", "graph_config_mismatch")]
    [InlineData("model.decoder.num_hidden_layers", "3", "graph_config_mismatch")]
    [InlineData("model.decoder.num_hidden_layers", "100000", "config_field")]
    [InlineData("model.decoder.num_attention_heads", "3", "config_field")]
    [InlineData("model.decoder.head_size", "32", "graph_config_mismatch")]
    [InlineData("model.decoder.hidden_size", "64", "graph_config_mismatch")]
    [InlineData("model.decoder.hidden_size", "-1", "config_field")]
    [InlineData("model.vocab_size", "41", "graph_config_mismatch")]
    [InlineData("model.vocab_size", "1e3", "config_field")]
    [InlineData("model.context_length", "null", "config_field")]
    [InlineData("model.eos_token_id", "40", "config_field")]
    [InlineData("model.eos_token_id", "[2,\"3\"]", "config_field")]
    [InlineData("model.bos_token_id", "-1", "config_field")]
    [InlineData("search.temperature", "\"hot\"", "config_field")]
    [InlineData("search.do_sample", "1", "config_field")]
    [InlineData("engine", "{}", "config_unsupported")]
    public async Task A_configuration_that_cannot_be_served_is_refused(string field, string json, string code)
    {
        var export = ModelExport.Of(new ExportOptions());
        var path = field.Split('.');
        var parent = path[..^1].Aggregate(export.Config, (parent, name) => parent[name]!.AsObject());
        parent[path[^1]] = JsonNode.Parse(json);
        await RefuseAsync(export, code);
    }

    [Fact]
    public async Task A_folder_whose_files_are_cut_short_is_refused()
    {
        var export = ModelExport.Of(new ExportOptions());
        export.Write(ModelFolder);
        var data = Path.Combine(ModelFolder, Data);
        var bytes = await File.ReadAllBytesAsync(data, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(data, bytes[..^1], TestContext.Current.CancellationToken);
        await RefuseAsync("data_truncated");
        File.Delete(data);
        await RefuseAsync("data_missing");

        export.Write(ModelFolder);
        var graph = Path.Combine(ModelFolder, Model);
        bytes = await File.ReadAllBytesAsync(graph, TestContext.Current.CancellationToken);
        for (var length = 0; length < bytes.Length; length += 97)
        {
            await File.WriteAllBytesAsync(graph, bytes[..length], TestContext.Current.CancellationToken);
            await RefuseAsync(null);
        }

        File.Delete(graph);
        await RefuseAsync("graph_missing");
    }

    [Fact]
    public async Task Damaged_graphs_are_served_or_refused_with_a_reason()
    {
        const int rounds = 400;
        ModelExport.Of(new ExportOptions { Bits = 4, ZeroPoints = "packed", IsTied = true }).Write(ModelFolder);
        var graph = Path.Combine(ModelFolder, Model);
        var sound = await File.ReadAllBytesAsync(graph, TestContext.Current.CancellationToken);
        var refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            var random = new Random(round);
            var bytes = sound.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            await File.WriteAllBytesAsync(graph, bytes, TestContext.Current.CancellationToken);
            try
            {
                await ImportAsync();
            }
            catch (ModelImportException error)
            {
                Assert.False(string.IsNullOrWhiteSpace(error.Message), $"Round {round}");
                refused++;
            }
        }

        Assert.InRange(refused, rounds / 4, rounds - 1);
    }

    private async Task RefuseAsync(ModelExport export, string code)
    {
        export.Write(ModelFolder);
        await RefuseAsync(code);
    }

    private async Task RefuseAsync(string? code)
    {
        var refused = await Assert.ThrowsAsync<ModelImportException>(ImportAsync);
        Assert.Equal(code ?? refused.Code, refused.Code);
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.True(!Directory.Exists(_folder.In("cache")) || Directory.GetDirectories(_folder.In("cache")).Length == 0);
    }

    private Task<ImportedModel> ImportAsync() => new ModelImporter().ImportAsync(ModelFolder, _folder.In("cache"), cancellation: TestContext.Current.CancellationToken);

    private static NodeProto Node(ModelExport export, string name) => export.Graph.Node.Single(node => node.Name == name);

    private static void Set(ModelExport export, string node, string attribute, long value) =>
        Replace(export, node, new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Int, I = value });

    private static void Replace(ModelExport export, string node, AttributeProto attribute)
    {
        var attributes = Node(export, node).Attribute;
        if (attributes.FirstOrDefault(existing => existing.Name == attribute.Name) is { } old)
        {
            attributes.Remove(old);
        }

        attributes.Add(attribute);
    }

    private static void Shape(ModelExport export, string tensor, params long[] shape)
    {
        var dims = export.Graph.Initializer.Single(initializer => initializer.Name == tensor).Dims;
        dims.Clear();
        dims.AddRange(shape);
    }

    private static void External(ModelExport export, string key, string value) =>
        export.Graph.Initializer[0].ExternalData.Single(entry => entry.Key == key).Value = value;

    private static void Inline(ModelExport export, string tensor, int value)
    {
        var initializer = export.Graph.Initializer.Single(initializer => initializer.Name == tensor);
        initializer.ExternalData.Clear();
        initializer.DataLocation = TensorProto.Types.DataLocation.Default;
        initializer.Int32Data.AddRange(Enumerable.Repeat(value, (int)initializer.Dims[0]));
    }
}

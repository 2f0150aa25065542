using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>Every form of graph that the model builder writes, against ONNX Runtime on the very folder.</summary>
public sealed class ExportTests : IDisposable
{
    private const int PromptTokens = 24;
    private static readonly Dictionary<string, ExportOptions> Exports = new()
    {
        ["llama"] = new(),
        ["llama with separate projections"] = new() { IsPacked = false },
        ["llama with biases"] = new() { HasBias = true },
        ["llama with separate biased projections"] = new() { HasBias = true, IsPacked = false },
        ["llama with its tensors within the graph"] = new() { IsInline = true },
        ["llama with rotary nodes"] = new() { HasRotaryNodes = true, IsPacked = false },
        ["llama with tied embeddings"] = new() { IsTied = true },
        ["mistral with a window"] = new() { Type = "mistral", Window = 8 },
        ["qwen2"] = new() { Type = "qwen2", HasBias = true },
        ["qwen3"] = new() { Type = "qwen3", HasHeadNorms = true },
        ["qwen3 with separate projections"] = new() { Type = "qwen3", HasHeadNorms = true, IsPacked = false },
        ["gemma"] = new() { Type = "gemma", EmbeddingScale = 5.66f, Activation = "FastGelu" },
        ["gemma2"] = new()
        {
            Type = "gemma2", EmbeddingScale = 5.66f, Activation = "FastGelu", HasOutputNorms = true, Window = 8, SoftCap = 5, LogitSoftCap = 4,
        },
        ["gemma3"] = new()
        {
            Type = "gemma3_text", EmbeddingScale = 5.66f, Activation = "FastGelu", HasOutputNorms = true, HasHeadNorms = true, Window = 8,
            HasLocalTables = true,
        },
        ["phi3"] = new() { Type = "phi3" },
        ["phi3 with separate projections"] = new() { Type = "phi3", IsPacked = false },
        ["phi3 with partial rotation"] = new() { Type = "phi3", HeadSize = 32, RotatingDimensions = 16 },
        ["phi3 with longrope, short"] = new() { Type = "phi3", FirstContext = 32 },
        ["phi3 with longrope, long"] = new() { Type = "phi3", FirstContext = 8 },
        ["smollm3"] = new() { Type = "smollm3", SkipsRotation = true },
        ["granite"] = new() { Type = "granite", EmbeddingScale = 12, LogitScale = 0.25f, ResidualScale = 0.22f },
        ["gelu"] = new() { Activation = "Gelu" },
        ["quick gelu"] = new() { Activation = "QuickGelu" },
        ["relu"] = new() { Activation = "Relu" },
        ["4 bits"] = new() { Bits = 4 },
        ["4 bits in blocks of 16"] = new() { Bits = 4, BlockSize = 16 },
        ["4 bits with zero points"] = new() { Bits = 4, ZeroPoints = "packed", BlockSize = 16 },
        ["4 bits with separate projections and biases"] = new() { Bits = 4, IsPacked = false, HasBias = true },
        ["4 bits with zero points as numbers"] = new() { Bits = 4, ZeroPoints = "float" },
        ["4 bits with groups"] = new() { Bits = 4, HasGroups = true, IsPacked = false, BlockSize = 16 },
        ["4 bits tied"] = new() { Bits = 4, IsTied = true, ZeroPoints = "packed" },
        ["8 bits"] = new() { Bits = 8, HasBias = true },
        ["8 bits with zero points"] = new() { Bits = 8, ZeroPoints = "packed" },
        ["8 bits tied"] = new() { Bits = 8, IsTied = true },
        ["phi3 in 4 bits"] = new() { Type = "phi3", Bits = 4, ZeroPoints = "packed" },
    };

    private readonly TemporaryFolder _folder = new();
    private readonly OrtEnvironment _environment = new();

    public static TheoryData<string> Names => [.. Exports.Keys];

    private string ModelFolder => _folder.In("model");

    public void Dispose()
    {
        _environment.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_engine_computes_what_ONNX_Runtime_computes_from_the_folder(string name)
    {
        var options = Exports[name];
        ModelExport.Of(options).Write(ModelFolder);
        var prompt = Prompt(options);
        var expected = OracleLogProbabilities(options, prompt);

        var model = await ImportAsync();
        await using var engine = EngineHost.Start(_environment, model, new EngineOptions { PrefillTokens = 7 });
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, MaxTokens = 1, Sampling = SamplingParameters.Greedy, LogProbs = 0, PromptLogProbs = 0,
        });
        await generation.EndAsync();

        Assert.True(expected.Max() - expected.Min() > 0.5, "The random model says too little.");
        for (var i = 1; i < prompt.Length; i++)
        {
            Assert.Equal(expected[i - 1], generation.PromptLogProbs![i], Tolerances.GoldenLogProb);
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(4, true)]
    [InlineData(0, false)]
    [InlineData(4, false)]
    public async Task A_head_with_the_embeddings_values_is_tied_to_it(int bits, bool isTied)
    {
        var options = new ExportOptions { Bits = bits };
        var random = new Random(9);
        var embedding = Enumerable.Range(0, options.Vocabulary * options.Hidden).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var head = Enumerable.Range(0, embedding.Length).Select(i => isTied ? embedding[(i % options.Vocabulary * options.Hidden) + (i / options.Vocabulary)] : random.NextSingle() - 0.5f).ToArray();
        ModelExport.Of(options, new Dictionary<string, float[]> { ["model.embed_tokens.weight"] = embedding, ["lm_head.MatMul.weight"] = head }).Write(ModelFolder);
        Assert.Equal(isTied, (await ImportAsync()).Base.HasTiedEmbeddings);
    }

    [Fact]
    public async Task A_class_with_fused_projections_has_them_and_their_parts_as_sites()
    {
        ModelExport.Of(new ExportOptions { Type = "phi3", Bits = 4 }).Write(ModelFolder);
        var model = (await ImportAsync()).Base;
        var whole = model.FindSite("model.layers.1.self_attn.qkv_proj")!;
        var values = model.FindSite("model.layers.1.self_attn.v_proj")!;
        Assert.Equal((whole, 64 + 32, 32), (values.Whole, values.FirstRow, values.OutFeatures));
        Assert.NotNull(model.FindSite("model.layers.0.mlp.gate_up_proj"));
        var (all, some) = (new float[whole.WeightRows * whole.WeightColumns], new float[values.WeightRows * values.WeightColumns]);
        model.Weights!.Read(whole, all);
        model.Weights.Read(values, some);
        Assert.Equal(all[^some.Length..], some);
    }

    [Theory]
    [InlineData(4, WeightFormat.Int4, true)]
    [InlineData(8, WeightFormat.Int8, true)]
    [InlineData(4, WeightFormat.Int8, false)]
    [InlineData(0, WeightFormat.Int4, false)]
    public async Task Another_precision_than_the_folders_is_refused(int bits, WeightFormat weights, bool isServed)
    {
        ModelExport.Of(new ExportOptions { Bits = bits }).Write(ModelFolder);
        var import = ImportAsync(new ImportOptions { Weights = weights });
        if (isServed)
        {
            Assert.NotEmpty((await import).Base.Sites);
        }
        else
        {
            Assert.Equal("weights_unsupported", (await Assert.ThrowsAsync<ModelImportException>(() => import)).Code);
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.25f, 0)]
    [InlineData(1, 4)]
    [InlineData(0.25f, 4)]
    public async Task What_the_graph_does_to_its_logits_is_known_for_tokens_that_adapters_add(float scale, float cap)
    {
        ModelExport.Of(new ExportOptions { LogitScale = scale, LogitSoftCap = cap }).Write(ModelFolder);
        var shape = (await ImportAsync()).Shape;
        Assert.Equal((scale, cap), (shape.LogitScale, shape.LogitSoftCap));
    }

    [Fact]
    public async Task A_second_import_finds_the_first()
    {
        ModelExport.Of(new ExportOptions()).Write(ModelFolder);
        var first = await ImportAsync();
        var written = File.GetLastWriteTimeUtc(
            first.Weights.First(weight => weight.Path.StartsWith(_folder.In("cache"), StringComparison.Ordinal)).Path);
        var second = await ImportAsync();
        Assert.Equal(first.Base.Fingerprint, second.Base.Fingerprint);
        Assert.Equal([2, 3], second.Shape.EosTokenIds);
        Assert.Equal(written, File.GetLastWriteTimeUtc(second.Weights.First(weight => weight.Path.StartsWith(_folder.In("cache"), StringComparison.Ordinal)).Path));
        Assert.Single(Directory.GetFiles(_folder.In("cache"), "weights.bin", SearchOption.AllDirectories));
    }

    private Task<ImportedModel> ImportAsync(ImportOptions? options = null) =>
        new ModelImporter().ImportAsync(ModelFolder, _folder.In("cache"), options, cancellation: TestContext.Current.CancellationToken);

    private static int[] Prompt(ExportOptions options)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, PromptTokens).Select(_ => random.Next(4, options.Vocabulary))];
    }

    private double[] OracleLogProbabilities(ExportOptions options, int[] prompt)
    {
        using var oracle = new FolderOracle(ModelFolder, options.KvHeads, options.HeadSize);
        var logits = oracle.Logits(prompt);
        return [.. Enumerable.Range(1, prompt.Length - 1).Select(i => ReferenceRunner.LogProbabilities(logits[i - 1])[prompt[i]])];
    }
}

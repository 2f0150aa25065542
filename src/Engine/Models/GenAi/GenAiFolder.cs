using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// A folder of ONNX Runtime GenAI: <c>genai_config.json</c>, a graph as its model builder writes it, and the graph's data files.
/// <b>Semantics</b>: the base computes what ONNX Runtime computes from that graph, in the precision in which the graph has it.
/// </summary>
internal sealed class GenAiFolder : IModelFolder
{
    private readonly string _folder;
    private readonly OnnxModelFile _model;
    private readonly GraphScope _scope;

    private GenAiFolder(string folder, OnnxModelFile model, GraphScope scope) => (_folder, _model, _scope) = (folder, model, scope);

    public IEnumerable<string> Files => _model.Files.Prepend(Path.Combine(_folder, GenAiConfigReader.ConfigFile));

    public string Variant => "genai";

    public ModelShape Shape => new()
    {
        Layers = _scope.Config.Layers,
        HiddenSize = _scope.Config.HiddenSize,
        Heads = _scope.Config.Heads,
        KvHeads = _scope.Config.KvHeads,
        HeadSize = _scope.Config.HeadSize,
        VocabularySize = _scope.Config.VocabularySize,
        LogitScale = _scope.LogitTail.Scale,
        LogitSoftCap = _scope.LogitTail.Cap,
        ContextTokens = _scope.ContextTokens,
        LongRotation = _scope.LongRotation,
        EosTokenIds = _scope.Config.EosTokenIds,
        BosTokenId = _scope.Config.BosTokenId,
    };

    public IEnumerable<PlannedWeight> Weights => _scope.Graph.Weights;

    /// <param name="folder">The folder.</param>
    /// <param name="options">Weights of another precision than the folder's are refused: they would have to be rounded twice, or be exact where they are not.</param>
    public static GenAiFolder Open(string folder, ImportOptions options)
    {
        var config = GenAiConfigReader.Read(folder);
        var model = OnnxModelFile.Open(folder, config.GraphFile);
        try
        {
            var scope = GraphTranslator.Translate(config, model);
            RequireOwnPrecision(scope, options);
            return new GenAiFolder(folder, model, scope);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public BaseModel Describe(string id, string fingerprint, ImmutableArray<WeightReference> weights)
    {
        var (graph, config) = (_scope.Graph, _scope.Config);
        var (embedding, head) = (graph.Sites.Single(site => site.Kind == SiteKind.Embedding), graph.Sites.Single(site => site.Kind == SiteKind.Head));
        var values = new GenAiBaseWeights(
            weights, graph.Blocks, _scope.NormEpsilon, config.Family.HasOffsetNorms ? NormKind.RmsPlusOne : NormKind.Rms);
        return new BaseModel(id, fingerprint, graph.Sites)
        {
            Weights = values,
            Layers = config.Layers,
            KvHeads = config.KvHeads,
            HeadSize = config.HeadSize,
            HasTiedEmbeddings = TiedRows.Are(
                values, embedding, head, isQuantised: graph.Blocks.ContainsKey(embedding.Path) || graph.Blocks.ContainsKey(head.Path)),
        };
    }

    public ModelProto BuildGraph(ImmutableArray<WeightReference> weights)
    {
        var (builder, config) = (_scope.Graph.Builder, _scope.Config);
        GraphInterface.Add(builder, config.Layers, config.KvHeads, config.HeadSize, config.VocabularySize);
        foreach (var weight in weights)
        {
            builder.AddExternalWeight(weight);
        }

        return builder.Build();
    }

    public void Dispose() => _model.Dispose();

    private static void RequireOwnPrecision(GraphScope scope, ImportOptions options)
    {
        var bits = options.Weights switch { WeightFormat.Int4 => 4, WeightFormat.Int8 => 8, _ => 0 };
        var isOwn = scope.Graph.Sites.Where(site => site is { Kind: SiteKind.Linear, Whole: null })
            .All(site => scope.Graph.Blocks.TryGetValue(site.Path, out var format) && format.Bits == bits);
        if ((bits > 0 && !isOwn) || options.EmbeddingWeights is not null)
        {
            throw new ModelImportException(
                "weights_unsupported",
                "A folder of ONNX Runtime GenAI is served in its own precision; leave --weights and --embedding-weights away, or export it with another.");
        }
    }
}

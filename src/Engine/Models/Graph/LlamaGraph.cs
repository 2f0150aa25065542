using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>
/// Writes the instrumented graph of a Llama model over a flattened batch.
/// <b>Semantics</b>: behind every site stands <c>SiteOutput(x, y) → y'</c> (attributes site, rows: 0 token rows, 1 logit rows), before every linear and the head
/// <c>SiteInput(x, previous) → x'</c> (attributes site, rows, reader), before the output projection <c>AttentionSite(x, q, cos, sin) → x'</c> (attribute site)
/// instead, behind the embedding <c>EmbeddingSite(ids, y) → y'</c>, behind attention and feed-forward network, before the residual sum,
/// <c>SublayerSite(y, residual, normed) → y'</c> (attribute site); only the rows in <c>logits_rows</c> reach the final norm and the head.
/// Linears that read one input form a chain of SiteInputs, see <see cref="CustomOps.SiteInputOp"/>.
/// <b>Shapes</b>: hidden states are [T, H], after the gather [L, H].
/// </summary>
internal sealed class LlamaGraph
{
    private const int TokenRows = 0;
    private const int LogitRows = 1;
    private readonly ModelConfig _config;
    private readonly OnnxGraphBuilder _builder = new("llama");
    private readonly Dictionary<string, Site> _sites;

    private LlamaGraph(ModelConfig config, ImmutableArray<Site> sites)
    {
        _config = config;
        _sites = sites.ToDictionary(site => site.Path, StringComparer.Ordinal);
    }

    /// <param name="config">The model.</param>
    /// <param name="sites">From <see cref="LlamaSites"/>.</param>
    /// <param name="weights">Every initializer's place.</param>
    public static ModelProto Build(ModelConfig config, ImmutableArray<Site> sites, ImmutableArray<WeightReference> weights)
    {
        var graph = new LlamaGraph(config, sites);
        graph.AddInterface();
        foreach (var weight in weights)
        {
            graph._builder.AddExternalWeight(weight);
        }

        graph.AddBody();
        return graph._builder.Build();
    }

    private void AddInterface()
    {
        _builder.AddInput(GraphNames.InputIds, TensorProto.Types.DataType.Int64, "tokens");
        _builder.AddInput(GraphNames.BlockTable, TensorProto.Types.DataType.Int32, "sequences", "max_blocks");
        _builder.AddInput(GraphNames.CumulativeSequenceLengths, TensorProto.Types.DataType.Int32, "sequences_plus_one");
        _builder.AddInput(GraphNames.PastSequenceLengths, TensorProto.Types.DataType.Int32, "sequences");
        _builder.AddInput(GraphNames.LogitsRows, TensorProto.Types.DataType.Int64, "logit_rows");
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            AddCache(GraphNames.KeyCache(layer));
            AddCache(GraphNames.ValueCache(layer));
        }

        _builder.AddOutput(GraphNames.Logits, TensorProto.Types.DataType.Float, "logit_rows", _config.VocabularySize);
    }

    private void AddCache(string name) =>
        _builder.AddInput(name, TensorProto.Types.DataType.Float, "num_blocks", "block_size", _config.KvHeads, _config.HeadSize);

    private void AddBody()
    {
        var embedded = _builder.AddNode("model.embed_tokens", "Gather", [LlamaTensors.Embedding, GraphNames.InputIds], [("axis", 0)]);
        var hidden = AddSite("model.embed_tokens", GraphNames.EmbeddingSite, GraphNames.InputIds, embedded, TokenRows);
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            hidden = AddLayer(layer, hidden);
        }

        var rows = _builder.AddNode("logits_gather", "Gather", [hidden, GraphNames.LogitsRows], [("axis", 0)]);
        var normed = AddNorm("model.norm", rows, LogitRows);
        var weight = _config.TiedEmbeddings ? LlamaTensors.Embedding : LlamaTensors.Head;
        var read = AddInputSite("lm_head", normed, InputReader.Only, LogitRows);
        var logits = AddProduct("lm_head", read, weight, bias: null);
        AddSite("lm_head", GraphNames.SiteOutput, read, logits, LogitRows, GraphNames.Logits);
    }

    private string AddLayer(int layer, string hidden)
    {
        var at = $"model.layers.{layer}.";
        var normed = AddNorm(at + "input_layernorm", hidden, TokenRows);
        var attended = AddAttention(layer, at + "self_attn.", ref normed);
        attended = AddSublayerSite(at + "self_attn", hidden, normed, attended);
        var middle = _builder.AddNode(at + "attention_residual", "Add", [hidden, attended]);
        normed = AddNorm(at + "post_attention_layernorm", middle, TokenRows);
        var fed = AddFeedForward(at + "mlp.", ref normed);
        fed = AddSublayerSite(at + "mlp", middle, normed, fed);
        return _builder.AddNode(at + "mlp_residual", "Add", [middle, fed]);
    }

    /// <param name="layer">Its number.</param>
    /// <param name="at">The module's path with a dot behind it.</param>
    /// <param name="normed">The input; afterwards the end of its chain.</param>
    private string AddAttention(int layer, string at, ref string normed)
    {
        var bias = _config.AttentionBias;
        var q = AddLinear(at + "q_proj", ref normed, bias, InputReader.First);
        var k = AddLinear(at + "k_proj", ref normed, bias, InputReader.Later, q);
        var v = AddLinear(at + "v_proj", ref normed, bias, InputReader.Later, k);
        var attention = _builder.AddNode(
            at + "attention",
            GraphNames.PagedAttention,
            [
                q, k, v, GraphNames.KeyCache(layer), GraphNames.ValueCache(layer), GraphNames.BlockTable,
                GraphNames.CumulativeSequenceLengths, GraphNames.PastSequenceLengths, GraphNames.CosTable, GraphNames.SinTable,
            ],
            [
                ("heads", _config.Heads), ("kv_heads", _config.KvHeads), ("head_size", _config.HeadSize), ("layer", layer),
                ("scale", (float)(1 / Math.Sqrt(_config.HeadSize))), ("window", 0), ("softcap", 0f),
            ],
            GraphNames.OpDomain);
        var output = at + "o_proj";
        var input = _builder.AddNode(
            output + ".input", GraphNames.AttentionSite, [attention, q, GraphNames.CosTable, GraphNames.SinTable], [("site", _sites[output].Index)], GraphNames.OpDomain);
        return AddProductSite(output, input, bias);
    }

    /// <param name="at">The module's path with a dot behind it.</param>
    /// <param name="normed">The input; afterwards the end of its chain.</param>
    private string AddFeedForward(string at, ref string normed)
    {
        var gate = AddLinear(at + "gate_proj", ref normed, _config.FeedForwardBias, InputReader.First);
        var up = AddLinear(at + "up_proj", ref normed, _config.FeedForwardBias, InputReader.Later, gate);
        var sigmoid = _builder.AddNode(at + "sigmoid", "Sigmoid", [gate]);
        var silu = _builder.AddNode(at + "silu", "Mul", [gate, sigmoid]);
        var gated = _builder.AddNode(at + "gated", "Mul", [silu, up]);
        return AddLinear(at + "down_proj", ref gated, _config.FeedForwardBias, InputReader.Only);
    }

    private string AddNorm(string path, string input, int rows)
    {
        var normed = _builder.AddNode(
            path, "SimplifiedLayerNormalization", [input, path + ".weight"], [("axis", -1), ("epsilon", _config.NormEpsilon), ("stash_type", 1)]);
        return AddSite(path, GraphNames.SiteOutput, input, normed, rows);
    }

    /// <param name="path">The linear's site.</param>
    /// <param name="input">What it reads; afterwards what its <c>SiteInput</c> made of it, which the next reader goes on from.</param>
    /// <param name="bias">Whether it has one.</param>
    /// <param name="reader">What it is to the input's other readers.</param>
    /// <param name="previous">The output of the reader before it.</param>
    private string AddLinear(string path, ref string input, bool bias, InputReader reader, string? previous = null)
    {
        input = AddInputSite(path, input, reader, TokenRows, previous);
        return AddProductSite(path, input, bias);
    }

    private string AddProductSite(string path, string input, bool bias)
    {
        var product = AddProduct(path, input, path + ".weight", bias ? path + ".bias" : null);
        return AddSite(path, GraphNames.SiteOutput, input, product, TokenRows);
    }

    private string AddInputSite(string path, string input, InputReader reader, int rows, string? previous = null) => _builder.AddNode(
        path + ".input",
        GraphNames.SiteInput,
        previous is null ? [input] : [input, previous],
        [("site", _sites[path].Index), ("rows", rows), ("reader", (int)reader)],
        GraphNames.OpDomain);

    /// <summary>y = x Wᵀ + b on the checkpoint's [out, in] weights as they are: the only place that knows how linears are computed.</summary>
    private string AddProduct(string path, string input, string weight, string? bias) =>
        _builder.AddNode(path, "Gemm", bias is null ? [input, weight] : [input, weight, bias], [("transB", 1)]);

    private string AddSublayerSite(string path, string residual, string normed, string output) =>
        _builder.AddNode(path + ".site", GraphNames.SublayerSite, [output, residual, normed], [("site", _sites[path].Index)], GraphNames.OpDomain);

    private string AddSite(string path, string op, string input, string output, int rows, string? name = null) =>
        _builder.AddNode(path + ".site", op, [input, output], [("site", _sites[path].Index), ("rows", rows)], GraphNames.OpDomain, name);
}

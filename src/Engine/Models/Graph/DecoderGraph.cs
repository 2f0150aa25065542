using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>
/// Writes the graph of a decoder over a flattened batch, instrumented as <see cref="InstrumentedGraph"/> says. Behind the embedding stands
/// <c>EmbeddingSite(ids, y) → y'</c> (attributes site, scale), before the output projection of a rotating attention <c>AttentionSite(x, q, cos, sin) → x'</c>
/// (attribute site) in place of a SiteInput; only the rows in <c>logits_rows</c> reach the final norm and the head.
/// <b>Shapes</b>: hidden states are [T, H], after the gather [L, H].
/// </summary>
internal sealed class DecoderGraph
{
    private readonly DecoderModel _model;
    private readonly OnnxGraphBuilder _builder = new("decoder");
    private readonly InstrumentedGraph _graph;
    private readonly BlockedProducts _blocked;

    private DecoderGraph(DecoderModel model, ImmutableArray<Site> sites, IReadOnlyDictionary<string, BlockedWeight> blocked)
    {
        _model = model;
        _blocked = new BlockedProducts(_builder, blocked);
        _graph = new InstrumentedGraph(_builder, sites.ToDictionary(site => site.Path, StringComparer.Ordinal), model.NormEpsilon, _blocked);
    }

    /// <param name="model">The model.</param>
    /// <param name="sites">From <see cref="DecoderSites"/>.</param>
    /// <param name="weights">Every initializer's place.</param>
    /// <param name="blocked">Those matrices that are held in blocks, by name.</param>
    public static ModelProto Build(
        DecoderModel model, ImmutableArray<Site> sites, ImmutableArray<WeightReference> weights, IReadOnlyDictionary<string, BlockedWeight> blocked)
    {
        var graph = new DecoderGraph(model, sites, blocked);
        GraphInterface.Add(graph._builder, model);
        foreach (var weight in weights)
        {
            graph._builder.AddExternalWeight(weight);
        }

        graph.AddBody();
        return graph._builder.Build();
    }

    private void AddBody()
    {
        var hidden = AddEmbedding();
        for (var layer = 0; layer < _model.Layers.Length; layer++)
        {
            hidden = AddLayer(layer, _model.Layers[layer], hidden);
        }

        var rows = _builder.AddNode("logits_gather", "Gather", [hidden, GraphNames.LogitsRows], [("axis", 0)]);
        AddHead(_graph.AddNorm(_model.FinalNorm, rows, RowKind.Logits));
    }

    private string AddEmbedding()
    {
        var path = _model.Embedding;
        var embedded = _blocked.TryAddGather(path, _model.EmbeddingWeight, GraphNames.InputIds)
            ?? _builder.AddNode(path, "Gather", [_model.EmbeddingWeight, GraphNames.InputIds], [("axis", 0)]);
        var hidden = _builder.AddNode(
            path + ".site",
            GraphNames.EmbeddingSite,
            [GraphNames.InputIds, embedded],
            [("site", _graph.SiteIndex(path)), ("scale", _model.EmbeddingScale)],
            GraphNames.OpDomain);
        if (_model.PositionWeight is not { } weight)
        {
            return hidden;
        }

        var positions = _builder.AddNode(_model.PositionEmbedding!, "Gather", [weight, GraphNames.PositionIds], [("axis", 0)]);
        return _builder.AddNode("position_sum", "Add", [hidden, positions]);
    }

    private void AddHead(string normed)
    {
        var read = _graph.AddInputSite(_model.Head.Path, normed, InputReader.Only, RowKind.Logits);
        var product = _graph.AddProduct(_model.Head, read, _model.HeadWeight);
        var isCapped = _model.LogitSoftCap > 0;
        var logits = _graph.AddSite(_model.Head.Path, read, product, RowKind.Logits, isCapped ? null : GraphNames.Logits);
        if (isCapped)
        {
            _graph.AddSoftCap("logit_cap", logits, _model.LogitSoftCap, GraphNames.Logits);
        }
    }

    private string AddLayer(int index, DecoderLayer layer, string hidden)
    {
        var normed = _graph.AddNorm(layer.AttentionInputNorm, hidden, RowKind.Tokens);
        var attended = AddAttention(index, layer.Attention, ref normed);
        hidden = AddSublayer(layer.Attention.Path, hidden, normed, attended, layer.AttentionOutputNorm);
        normed = _graph.AddNorm(layer.FeedForwardInputNorm, hidden, RowKind.Tokens);
        var fed = AddFeedForward(layer.FeedForward, ref normed);
        return AddSublayer(layer.FeedForward.Path, hidden, normed, fed, layer.FeedForwardOutputNorm);
    }

    private string AddSublayer(string path, string hidden, string normed, string output, Norm? outputNorm)
    {
        output = _graph.AddSublayerSite(path, hidden, normed, output);
        output = outputNorm is null ? output : _graph.AddNorm(outputNorm, output, RowKind.Tokens);
        return _builder.AddNode(path + ".residual", "Add", [hidden, output]);
    }

    /// <param name="index">The layer's number.</param>
    /// <param name="attention">The attention.</param>
    /// <param name="normed">The input; afterwards the end of its chain.</param>
    private string AddAttention(int index, AttentionLayer attention, ref string normed)
    {
        var inputs = _graph.AddInputLinears(attention.Inputs, ref normed);
        var query = AddHeadNorm(attention.QueryNorm, inputs[0], _model.Heads);
        var key = AddHeadNorm(attention.KeyNorm, inputs[1], _model.KvHeads);
        string[] angles = attention.Rotary is { } rotary ? [GraphNames.CosTable(rotary), GraphNames.SinTable(rotary)] : ["", ""];
        var attended = _builder.AddNode(
            attention.Path + ".attention",
            GraphNames.PagedAttention,
            [
                query, key, inputs[2], GraphNames.KeyCache(index), GraphNames.ValueCache(index), GraphNames.BlockTable,
                GraphNames.CumulativeSequenceLengths, GraphNames.PastSequenceLengths, .. angles,
            ],
            [
                ("heads", _model.Heads), ("kv_heads", _model.KvHeads), ("head_size", _model.HeadSize), ("layer", index),
                ("scale", attention.Scale), ("window", attention.Window), ("softcap", attention.SoftCap),
            ],
            GraphNames.OpDomain);
        var output = attention.Output;
        var read = attention.Rotary is null
            ? _graph.AddInputSite(output.Path, attended, InputReader.Only, RowKind.Tokens)
            : _builder.AddNode(
                output.Path + ".input", GraphNames.AttentionSite, [attended, query, .. angles], [("site", _graph.SiteIndex(output.Path))], GraphNames.OpDomain);
        return _graph.AddProductSite(output, read);
    }

    /// <summary>Normalises each head by itself.</summary>
    private string AddHeadNorm(Norm? norm, string rows, int heads)
    {
        if (norm is null)
        {
            return rows;
        }

        var apart = _builder.AddReshape(norm.Path + ".heads", rows, -1, norm.Size);
        return _builder.AddReshape(norm.Path + ".rows", _graph.AddBareNorm(norm, apart), -1, (long)heads * norm.Size);
    }

    /// <param name="network">The network.</param>
    /// <param name="normed">The input; afterwards the end of its chain.</param>
    private string AddFeedForward(FeedForwardLayer network, ref string normed)
    {
        var inputs = _graph.AddInputLinears(network.Inputs, ref normed);
        var active = _graph.AddActivation(network.Path + ".activation", network.Activation, inputs[0]);
        if (inputs.Length > 1)
        {
            active = _builder.AddNode(network.Path + ".gated", "Mul", [active, inputs[1]]);
        }

        return _graph.AddLinear(network.Output, active);
    }
}

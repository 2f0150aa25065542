using System.Collections.Immutable;
using System.Globalization;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// The instrumented graph under construction: adds an operation with the sites around it, see <see cref="InstrumentedGraph"/>, and keeps count of
/// sites and initializers.
/// <b>Shapes</b>: activations are [T, width], from the final norm on [L, width].
/// </summary>
internal sealed class SiteGraph
{
    private readonly ImmutableArray<Site>.Builder _sites = ImmutableArray.CreateBuilder<Site>();
    private readonly Dictionary<string, Site> _byPath = new(StringComparer.Ordinal);
    private readonly List<PlannedWeight> _weights = [];
    private readonly List<Rotation> _rotations = [];
    private readonly Dictionary<string, SharedInput> _sublayers = new(StringComparer.Ordinal);
    private readonly InstrumentedGraph _graph;
    private int _names;

    public SiteGraph() => _graph = new InstrumentedGraph(Builder, _byPath, normEpsilon: 0);

    public OnnxGraphBuilder Builder { get; } = new("genai");

    public ImmutableArray<Site> Sites => _sites.ToImmutable();

    public IEnumerable<PlannedWeight> Weights => _weights;

    /// <summary>Modules whose weight is held in blocks.</summary>
    public Dictionary<string, BlockFormat> Blocks { get; } = new(StringComparer.Ordinal);

    /// <summary>The rotations of the layers.</summary>
    public IReadOnlyList<Rotation> Rotations => _rotations;

    /// <summary>A name that nothing else has.</summary>
    public string NewName(string kind) => $"{kind}.{(_names++).ToString(CultureInfo.InvariantCulture)}";

    public void AddWeights(IEnumerable<PlannedWeight> weights) => _weights.AddRange(weights);

    /// <summary>Adds an operation without sites. <b>Shapes</b>: the output is as wide as the input.</summary>
    /// <param name="type">A row-wise operator.</param>
    /// <param name="domain">Its domain.</param>
    /// <param name="like">Whose rows and width the output has.</param>
    /// <param name="inputs">Names in this graph.</param>
    /// <param name="attributes">The operator's.</param>
    /// <param name="output">The output's name, if it must have a certain one.</param>
    public Activation Add(
        string type,
        string domain,
        Activation like,
        ReadOnlySpan<string> inputs,
        ReadOnlySpan<(string Name, object Value)> attributes = default,
        string? output = null) =>
        new(Builder.AddNode(NewName("node"), type, inputs, attributes, domain, output), like.Width, like.Rows);

    /// <param name="embedding">The rows of its weight by token id.</param>
    /// <param name="scale">Multiplies them.</param>
    public Activation AddEmbedding(PendingEmbedding embedding, float scale)
    {
        var site = AddSite(embedding.Path, SiteKind.Embedding, embedding.Vocabulary, embedding.Width);
        var rows = Builder.AddNode(
            embedding.Path + ".site",
            GraphNames.EmbeddingSite,
            [GraphNames.InputIds, embedding.Gathered],
            [("site", site.Index), ("scale", scale)],
            GraphNames.OpDomain);
        return new Activation(rows, embedding.Width, RowKind.Tokens);
    }

    /// <summary>A norm over the whole width, of the residual stream or of its sum with what is added to it.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="residual">What it reads.</param>
    /// <param name="added">What is added to that first; null: nothing.</param>
    /// <returns>The norm's output and its input.</returns>
    public (Activation Normed, Activation Sum) AddNorm(NormModule norm, Activation residual, Activation? added)
    {
        var (path, weight, epsilon) = norm;
        AddSite(path, SiteKind.Norm, residual.Width, residual.Width);
        var sum = residual;
        if (added is null)
        {
            AddRmsNorm(path, residual.Name, weight, epsilon);
        }
        else
        {
            // One node as in the folder's graph: two would round otherwise, and quantised products carry that far.
            sum = new Activation(path + ".sum", residual.Width, residual.Rows);
            Builder.AddNode(
                path,
                "SkipSimplifiedLayerNormalization",
                [residual.Name, added.Name, AddNormWeight(path, weight)],
                [path, "", "", sum.Name],
                [("epsilon", epsilon)],
                GraphNames.ContribDomain);
        }

        var normed = _graph.AddSite(path, sum.Name, path, sum.Rows);
        var shared = sum.Rows == RowKind.Tokens ? new SharedInput(sum.Name, normed) : null;
        return (new Activation(normed, sum.Width, sum.Rows) { Shared = shared }, sum);
    }

    /// <summary>A norm over the last dimension, without a site.</summary>
    public string AddRmsNorm(string path, string input, OnnxTensor weight, float epsilon) => Builder.AddNode(
        path, "SimplifiedLayerNormalization", [input, AddNormWeight(path, weight)], [("axis", -1), ("epsilon", epsilon), ("stash_type", 1)]);

    /// <summary>A linear with the sites before and behind it; behind the one that ends a sublayer, the sublayer's too.</summary>
    /// <param name="linear">Weights and input.</param>
    /// <param name="output">The output's name, if it must have a certain one.</param>
    public Activation AddLinear(PendingLinear linear, string? output = null) => AddLinear(linear, output, out _);

    /// <summary>The only linear of a module whose parts have the given names and widths, each a site of its own on those rows.</summary>
    public Activation[] AddFused(PendingLinear linear, ReadOnlySpan<(string Name, int Width)> parts)
    {
        var whole = AddLinear(linear, null, out var read);
        var pieces = Builder.AddSplit(linear.Path + ".parts", whole.Name, [.. parts.ToArray().Select(part => (long)part.Width)]);
        var outputs = new Activation[parts.Length];
        var first = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var (name, width) = parts[i];
            var path = $"{ModuleWith(linear.Path)}.{name}";
            AddSite(path, SiteKind.Linear, linear.Weights.In, width, _byPath[linear.Path], first);
            outputs[i] = new Activation(_graph.AddSite(path, read, pieces[i], RowKind.Tokens), width, RowKind.Tokens);
            first += width;
        }

        return outputs;
    }

    /// <summary>Only the rows that need logits. <b>Shapes</b>: [T, width] → [L, width].</summary>
    public Activation TakeLogitRows(Activation input) =>
        new(Builder.AddNode(NewName("logits_gather"), "Gather", [input.Name, GraphNames.LogitsRows], [("axis", 0)]), input.Width, RowKind.Logits);

    /// <param name="path">The module that has the attention.</param>
    /// <param name="layer">Its number.</param>
    /// <param name="inputs">q, k and v.</param>
    /// <param name="rotation">How q and k turn; null: not at all.</param>
    /// <param name="attributes">Of <see cref="PagedAttentionOp"/>.</param>
    public Activation AddAttention(
        string path, int layer, Activation[] inputs, Rotation? rotation, ReadOnlySpan<(string Name, object Value)> attributes)
    {
        string[] angles = rotation is null ? ["", ""] : Angles(rotation);
        var attended = Builder.AddNode(
            path + ".attention",
            GraphNames.PagedAttention,
            [
                .. inputs.Select(input => input.Name), GraphNames.KeyCache(layer), GraphNames.ValueCache(layer), GraphNames.BlockTable,
                GraphNames.CumulativeSequenceLengths, GraphNames.PastSequenceLengths, .. angles,
            ],
            attributes,
            GraphNames.OpDomain);
        return new Activation(attended, inputs[0].Width, RowKind.Tokens) { Queries = rotation is null ? null : [inputs[0].Name, .. angles] };
    }

    /// <summary>The module that another one lies in.</summary>
    public static string ModuleWith(string path) => path[..Math.Max(0, path.LastIndexOf('.'))];

    private string[] Angles(Rotation rotation)
    {
        var index = _rotations.IndexOf(rotation);
        if (index < 0)
        {
            index = _rotations.Count;
            _rotations.Add(rotation);
            _weights.Add(rotation.PlanCos(GraphNames.CosTable(index)));
            _weights.Add(rotation.PlanSin(GraphNames.SinTable(index)));
        }

        return [GraphNames.CosTable(index), GraphNames.SinTable(index)];
    }

    private Activation AddLinear(PendingLinear linear, string? output, out string read)
    {
        var (path, input, weights, bias) = linear;
        AddSite(path, input.Rows == RowKind.Logits ? SiteKind.Head : SiteKind.Linear, weights.In, weights.Out);
        read = AddInput(path, input);
        _weights.AddRange(weights.Plan(path));
        if (weights is BlockLinear { Format: var format })
        {
            Blocks.Add(path, format);
        }

        var product = weights.AddProduct(Builder, path, read);
        if (!bias.IsEmpty)
        {
            _weights.Add(TensorRows.Plan(path + ".bias", bias, [weights.Out]));
            product = Builder.AddNode(path + ".biased", "Add", [product, path + ".bias"]);
        }

        var result = _graph.AddSite(path, read, product, input.Rows, output);
        return new Activation(EndSublayer(path, input, result, weights.Out), weights.Out, input.Rows);
    }

    private string AddNormWeight(string path, OnnxTensor weight)
    {
        _weights.Add(TensorRows.Plan(path + ".weight", [TensorRows.All(weight)], weight.Shape));
        return path + ".weight";
    }

    private string AddInput(string path, Activation input)
    {
        if (input.Queries is { } queries)
        {
            return Builder.AddNode(
                path + ".input", GraphNames.AttentionSite, [input.Name, .. queries], [("site", _graph.SiteIndex(path))], GraphNames.OpDomain);
        }

        if (input.Shared is not { } shared)
        {
            return _graph.AddInputSite(path, input.Name, InputReader.Only, input.Rows);
        }

        shared.End = _graph.AddInputSite(
            path, shared.End, shared.LastReader is null ? InputReader.First : InputReader.Later, input.Rows, shared.LastReader);
        return shared.End;
    }

    /// <summary>A module whose linears read a norm's output ends with the first that reads something else.</summary>
    private string EndSublayer(string path, Activation input, string result, int width)
    {
        var module = ModuleWith(path);
        if (input.Shared is { } shared)
        {
            shared.LastReader = result;
            _sublayers[module] = shared;
            return result;
        }

        if (!_sublayers.Remove(module, out var begun))
        {
            return result;
        }

        AddSite(module, SiteKind.Sublayer, width, width);
        return _graph.AddSublayerSite(module, begun.Residual, begun.End, result);
    }

    private Site AddSite(string path, SiteKind kind, int input, int output, Site? whole = null, int firstRow = 0)
    {
        var site = new Site(_sites.Count, path, kind, input, output) { Whole = whole, FirstRow = firstRow };
        if (path.Length == 0 || !_byPath.TryAdd(path, site))
        {
            throw new ModelImportException(
                "graph_unsupported",
                $"The graph has two modules named '{path}', or one without a name; names as the model builder gives them are needed.");
        }

        _sites.Add(site);
        return site;
    }
}

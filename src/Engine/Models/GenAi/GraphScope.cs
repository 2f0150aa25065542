using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>What the translation has so far: the meaning of each name of the folder's graph, and the graph that is made of it.</summary>
internal sealed class GraphScope
{
    private readonly OnnxModelFile _model;
    private readonly Dictionary<string, GraphValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphNode> _nodes = new(StringComparer.Ordinal);

    private readonly HashSet<GraphNode> _begun = [];

    public GraphScope(GenAiConfig config, OnnxModelFile model)
    {
        (Config, _model, ContextTokens) = (config, model, config.ContextTokens);
        foreach (var (name, tensor) in model.Tensors)
        {
            _values.Add(name, new Constant(tensor));
        }
    }

    public GenAiConfig Config { get; }

    public SiteGraph Graph { get; } = new();

    /// <summary>Most tokens that a sequence may have: no more than the rotary tables have rows.</summary>
    public int ContextTokens { get; private set; }

    /// <summary>Tokens beyond which a sequence is long; 0 where that makes no difference.</summary>
    public int FirstContextTokens { get; set; }

    /// <summary>Of the norms that are sites; 0 before the first.</summary>
    public float NormEpsilon { get; set; }

    /// <summary>Layers whose attention has been translated.</summary>
    public HashSet<int> Layers { get; } = [];

    public LogitTail LogitTail { get; } = new();

    public LongRotation? LongRotation => Graph.Rotations is [{ Cos.Long: not null } rotation, ..]
        ? new LongRotation(FirstContextTokens, (int)rotation.Cos.First.Shape[0])
        : null;

    public OnnxTensor Read(TensorProto tensor) => _model.Read(tensor);

    public void LimitContext(long positions) => ContextTokens = (int)Math.Min(ContextTokens, positions);

    public void AddNode(GraphNode node)
    {
        if (node.Name.Length > 0 && !_nodes.TryAdd(node.Name, node))
        {
            throw node.Refused("stands beside another node of that name");
        }
    }

    /// <summary>False for a node that was translated with another one.</summary>
    public bool Begin(GraphNode node) => _begun.Add(node);

    public GraphNode? FindNode(string name) => _nodes.GetValueOrDefault(name);

    public bool Has(string name) => _values.ContainsKey(name);

    public void Set(string name, GraphValue value)
    {
        if (name.Length == 0 || !_values.TryAdd(name, value))
        {
            throw new ModelImportException("graph_invalid", $"The graph defines '{name}' twice, or leaves a name empty.");
        }
    }

    public GraphValue Value(GraphNode node, int index) =>
        _values.GetValueOrDefault(node.Input(index)) ?? throw node.Refused($"reads '{node.Input(index)}', which no node before it makes");

    /// <summary>An input that is an activation; a linear that was pending is added now.</summary>
    public Activation Activation(GraphNode node, int index) =>
        TryActivation(node, index) ?? throw node.Refused($"reads '{node.Input(index)}', which is no activation");

    public Activation? TryActivation(GraphNode node, int index)
    {
        if (Value(node, index) is PendingLinear or PendingEmbedding)
        {
            _values[node.Input(index)] = Value(node, index) is PendingLinear linear
                ? Graph.AddLinear(linear)
                : Graph.AddEmbedding((PendingEmbedding)Value(node, index), scale: 1);
        }

        return Value(node, index) as Activation;
    }

    public OnnxTensor Tensor(GraphNode node, int index) =>
        Value(node, index) is Constant constant ? constant.Tensor : throw node.Refused($"reads '{node.Input(index)}', which is no constant");

    /// <summary>The logits, the last linear being added if it was pending.</summary>
    public Activation? Logits() => _values.GetValueOrDefault(Config.Names.Logits) switch
    {
        PendingLinear head => Graph.AddLinear(head, GraphNames.Logits),
        var value => value as Activation,
    };
}

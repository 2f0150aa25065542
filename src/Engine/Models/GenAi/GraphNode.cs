using AdapterServe.Engine.Models.Onnx;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// A node of the graph, read strictly. <b>Errors</b>: <see cref="ModelImportException"/> for an attribute that nobody asked for, or of another type
/// than asked for.
/// </summary>
internal sealed class GraphNode
{
    private readonly NodeProto _proto;
    private readonly Dictionary<string, AttributeProto> _attributes = new(StringComparer.Ordinal);

    public GraphNode(NodeProto proto)
    {
        _proto = proto;
        foreach (var attribute in proto.Attribute)
        {
            if (!_attributes.TryAdd(attribute.Name, attribute))
            {
                throw Refused($"has two attributes named '{attribute.Name}'");
            }
        }
    }

    public string Name => _proto.Name;

    /// <summary>The operator, with its domain where that is not ONNX's own.</summary>
    public string Operator => _proto.Domain is "" or "ai.onnx" ? _proto.OpType : $"{_proto.Domain}.{_proto.OpType}";

    public string Module => GenAiFamily.ModuleOf(Name);

    public IReadOnlyList<string> Inputs => _proto.Input;

    public IReadOnlyList<string> Outputs => _proto.Output;

    /// <summary>Its only output that has a name.</summary>
    public string Output =>
        _proto.Output.Where(name => name.Length > 0).ToArray() is [var only] && only == _proto.Output[0] ? only : throw Refused("has not one output");

    public string Input(int index) => index < _proto.Input.Count ? _proto.Input[index] : "";

    /// <summary>Refuses inputs from an index on.</summary>
    public void EndInputsAt(int count)
    {
        for (var i = count; i < _proto.Input.Count; i++)
        {
            if (_proto.Input[i].Length > 0)
            {
                throw Refused($"has the input {i} ('{_proto.Input[i]}')");
            }
        }
    }

    public int Integer(string name, int fallback) => Take(name, AttributeProto.Types.AttributeType.Int) is { } attribute
        ? attribute.I is >= int.MinValue and <= int.MaxValue ? (int)attribute.I : throw Refused($"has the attribute {name} = {attribute.I}")
        : fallback;

    public float Number(string name, float fallback) => Take(name, AttributeProto.Types.AttributeType.Float) is { } attribute
        ? float.IsFinite(attribute.F) ? attribute.F : throw Refused($"has the attribute {name} = {attribute.F}")
        : fallback;

    public string Text(string name, string fallback) => Take(name, AttributeProto.Types.AttributeType.String)?.S.ToStringUtf8() ?? fallback;

    public TensorProto? Tensor(string name) => Take(name, AttributeProto.Types.AttributeType.Tensor)?.T;

    public GraphProto? Subgraph(string name) => Take(name, AttributeProto.Types.AttributeType.Graph)?.G;

    public long[]? Integers(string name) => Take(name, AttributeProto.Types.AttributeType.Ints)?.Ints.ToArray();

    /// <summary>Refuses an attribute with another value than the only one that is served.</summary>
    public void Expect(string name, int value, int fallback)
    {
        if (Integer(name, fallback) is var found && found != value)
        {
            throw Refused($"has the attribute {name} = {found}");
        }
    }

    /// <summary>Refuses attributes that were not asked for.</summary>
    public void End()
    {
        if (_attributes.Count > 0)
        {
            throw Refused($"has the attribute {_attributes.Keys.Order(StringComparer.Ordinal).First()}");
        }
    }

    /// <param name="reason">The rest of the sentence.</param>
    public ModelImportException Refused(string reason) =>
        new(
            "graph_unsupported",
            $"The graph's node '{Name}' ({Operator}) {reason}, which is not supported; exports of ONNX Runtime GenAI's model builder for CPU are.");

    private AttributeProto? Take(string name, AttributeProto.Types.AttributeType type)
    {
        if (!_attributes.Remove(name, out var attribute))
        {
            return null;
        }

        return attribute.Type == type ? attribute : throw Refused($"has the attribute {name} of another type than {type}");
    }
}

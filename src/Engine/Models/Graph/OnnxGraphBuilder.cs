using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime.Values;
using Google.Protobuf;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>
/// Builds an ONNX graph node by node.
/// <b>Layout</b>: node outputs are named after the node; dimensions are sizes or names.
/// </summary>
internal sealed class OnnxGraphBuilder(string name)
{
    private const long IrVersion = 10;
    private const long OpsetVersion = 21;
    private readonly GraphProto _graph = new() { Name = name };

    public void AddInput(string input, TensorProto.Types.DataType type, params ReadOnlySpan<object> shape) =>
        _graph.Input.Add(Describe(input, type, shape));

    public void AddOutput(string output, TensorProto.Types.DataType type, params ReadOnlySpan<object> shape) =>
        _graph.Output.Add(Describe(output, type, shape));

    /// <summary>
    /// An initializer whose data lies in a file. A location can only be relative, and the files lie in two folders, so that it is relative to the
    /// file system's root; a session must be told so (see <see cref="ImportedModel.CreateSession"/>).
    /// </summary>
    public void AddExternalWeight(WeightReference weight)
    {
        var tensor = new TensorProto
        {
            Name = weight.Name,
            DataType = (int)DataTypeOf(weight.Type),
            DataLocation = TensorProto.Types.DataLocation.External,
        };
        tensor.Dims.AddRange(weight.Shape);
        AddEntry("location", Path.GetRelativePath(Path.GetPathRoot(weight.Path)!, weight.Path));
        AddEntry("offset", weight.Offset.ToString(CultureInfo.InvariantCulture));
        AddEntry("length", weight.Bytes.ToString(CultureInfo.InvariantCulture));
        _graph.Initializer.Add(tensor);

        void AddEntry(string key, string value) => tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    /// <summary>A node with one output, whose name is returned: <paramref name="output"/>, or the node's.</summary>
    public string AddNode(string node, string type, ReadOnlySpan<string> inputs, ReadOnlySpan<(string Name, object Value)> attributes = default, string domain = "", string? output = null)
    {
        AddNode(node, type, inputs, [output ?? node], attributes, domain);
        return output ?? node;
    }

    /// <summary>A node with outputs of the given names; an empty one is left out.</summary>
    public void AddNode(
        string node, string type, ReadOnlySpan<string> inputs, ImmutableArray<string> outputs, ReadOnlySpan<(string Name, object Value)> attributes, string domain = "")
    {
        var proto = new NodeProto { Name = node, OpType = type, Domain = domain };
        proto.Input.AddRange(inputs.ToArray());
        proto.Output.AddRange(outputs);
        foreach (var (key, value) in attributes)
        {
            proto.Attribute.Add(Attribute(key, value));
        }

        _graph.Node.Add(proto);
    }

    /// <summary>Cuts the last dimension into pieces of the given sizes and returns their names.</summary>
    public ImmutableArray<string> AddSplit(string node, string input, params ImmutableArray<long> sizes)
    {
        var pieces = Enumerable.Range(0, sizes.Length).Select(i => $"{node}.{i}").ToImmutableArray();
        AddNode(node, "Split", [input, AddConstant(node + ".sizes", sizes)], pieces, [("axis", -1)]);
        return pieces;
    }

    public string AddReshape(string node, string input, params ImmutableArray<long> shape) =>
        AddNode(node, "Reshape", [input, AddConstant(node + ".shape", shape)]);

    public string AddConstant(string name, ImmutableArray<long> values) =>
        AddConstant(name, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values.AsSpan()), values.Length);

    public string AddConstant(string name, float value) =>
        AddConstant(name, TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)));

    public ModelProto Build()
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "adapterserve", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OpsetVersion });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = GraphNames.OpDomain, Version = 1 });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = GraphNames.ContribDomain, Version = 1 });
        return model;
    }

    private string AddConstant(string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> bytes, params ReadOnlySpan<long> shape)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(shape.ToArray());
        _graph.Initializer.Add(tensor);
        return name;
    }

    public static TensorProto.Types.DataType DataTypeOf(ElementType type) => type switch
    {
        ElementType.Float32 => TensorProto.Types.DataType.Float,
        ElementType.UInt8 => TensorProto.Types.DataType.Uint8,
        ElementType.Int8 => TensorProto.Types.DataType.Int8,
        ElementType.Int32 => TensorProto.Types.DataType.Int32,
        ElementType.Int64 => TensorProto.Types.DataType.Int64,
        ElementType.Float16 => TensorProto.Types.DataType.Float16,
        ElementType.BFloat16 => TensorProto.Types.DataType.Bfloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No initializer has this type."),
    };

    private static AttributeProto Attribute(string key, object value) => value switch
    {
        int number => new() { Name = key, Type = AttributeProto.Types.AttributeType.Int, I = number },
        float number => new() { Name = key, Type = AttributeProto.Types.AttributeType.Float, F = number },
        string text => new() { Name = key, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(text) },
        _ => throw new ArgumentException($"The attribute {key} has a value of type {value.GetType().Name}.", nameof(value)),
    };

    private static ValueInfoProto Describe(string value, TensorProto.Types.DataType type, ReadOnlySpan<object> shape)
    {
        var dimensions = new TensorShapeProto();
        foreach (var size in shape)
        {
            dimensions.Dim.Add(size is int number
                ? new TensorShapeProto.Types.Dimension { DimValue = number }
                : new TensorShapeProto.Types.Dimension { DimParam = (string)size });
        }

        return new ValueInfoProto
        {
            Name = value,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = dimensions } },
        };
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Onnx;
using Google.Protobuf;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>An ONNX graph under construction and its data file.</summary>
internal abstract class ExportGraph(bool isInline, IReadOnlyDictionary<string, float[]> given)
{
    protected const string Contrib = "com.microsoft";
    private readonly HashSet<string> _constants = [];
    private readonly List<byte[]> _data = [];
    private long _dataBytes;

    public GraphProto Graph { get; } = new() { Name = "main_graph" };

    protected void WriteModel(string folder)
    {
        Directory.CreateDirectory(folder);
        var model = new ModelProto { IrVersion = 10, ProducerName = "onnxruntime-genai", Graph = Graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 21 });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Contrib, Version = 1 });
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), model.ToByteArray());
        if (!isInline)
        {
            using var data = File.Create(Path.Combine(folder, "model.onnx.data"));
            _data.ForEach(bytes => data.Write(bytes));
        }
    }

    protected bool Knows(string name) => _constants.Contains(name);

    /// <summary>False the second time.</summary>
    protected bool Know(string name) => _constants.Add(name);

    protected bool HasGiven => given.Count > 0;

    protected float[]? Given(string name) => given.GetValueOrDefault(name);

    protected string Integers(params long[] values) => Constant($"INT64/[{string.Join(", ", values)}]", values, values.Length);

    protected string Integer(long value) => Constant($"INT64/{value}", [value]);

    protected string Float(float value) => Constant($"FLOAT/{value.ToString(CultureInfo.InvariantCulture)}", (float[])[value]);

    protected string Constant<T>(string name, T[] values, params long[] shape)
        where T : unmanaged
    {
        var output = "/model/constants/" + name;
        if (_constants.Add(output))
        {
            Add("/model/constant_nodes/" + name, "Constant", [], [output], "", ("value", Inline(output, values, shape)));
        }

        return output;
    }

    protected string Add(string name, string type, string[] inputs, string domain = "", params (string, object)[] attributes)
    {
        Add(name, type, inputs, [$"{name}/output_0"], domain, attributes);
        return $"{name}/output_0";
    }

    protected void Add(string name, string type, string[] inputs, string[] outputs, string domain, params (string Name, object Value)[] attributes)
    {
        var node = Node(name, type, inputs, outputs, domain);
        node.Attribute.AddRange(attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)));
        Graph.Node.Add(node);
    }

    protected static NodeProto Node(string name, string type, string[] inputs, string[] outputs, string domain) =>
        new() { Name = name, OpType = type, Domain = domain, Input = { inputs }, Output = { outputs } };

    protected static AttributeProto Attribute(string name, object value) => value switch
    {
        long number => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = number },
        float number => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = number },
        string text => new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(text) },
        long[] numbers => new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { numbers } },
        TensorProto tensor => new() { Name = name, Type = AttributeProto.Types.AttributeType.Tensor, T = tensor },
        _ => throw new ArgumentException(name),
    };

    protected void AddTensor<T>(string name, T[] values, params long[] shape)
        where T : unmanaged
    {
        _constants.Add(name);
        var tensor = Given(name) is { } weights ? Inline(name, weights, shape) : Inline(name, values, shape);
        if (!isInline)
        {
            var bytes = tensor.RawData.ToByteArray();
            tensor.ClearRawData();
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "model.onnx.data" });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = _dataBytes.ToString(CultureInfo.InvariantCulture) });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = bytes.Length.ToString(CultureInfo.InvariantCulture) });
            _data.Add(bytes);
            _dataBytes += bytes.Length;
        }

        Graph.Initializer.Add(tensor);
    }

    protected static TensorProto Inline<T>(string name, T[] values, params long[] shape)
        where T : unmanaged
    {
        var type = values switch
        {
            float[] => TensorProto.Types.DataType.Float,
            long[] => TensorProto.Types.DataType.Int64,
            int[] => TensorProto.Types.DataType.Int32,
            _ => TensorProto.Types.DataType.Uint8,
        };
        return new TensorProto { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())) };
    }

    protected void AddInput(string name, TensorProto.Types.DataType type, params object[] shape) => Graph.Input.Add(Describe(name, type, shape));

    protected static ValueInfoProto Describe(string name, TensorProto.Types.DataType type, params object[] shape)
    {
        var dimensions = shape.Select(size => size is int number ? new TensorShapeProto.Types.Dimension { DimValue = number } : new() { DimParam = (string)size });
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto { Dim = { dimensions } } } },
        };
    }
}

using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.Models;

/// <summary>
/// Builds small ONNX models. A dimension is a size (int, long) or a name (string). <b>Source</b>: onnx.proto's field numbers.
/// </summary>
internal sealed class TestModel
{
    public const string Domain = "test.adapterserve";

    private readonly ProtobufWriter _graph = new ProtobufWriter().Text(2, "test");

    public TestModel Input(string name, params object[] shape) => Value(11, name, ElementType.Float32, shape);

    public TestModel Input(string name, ElementType type, params object[] shape) => Value(11, name, type, shape);

    public TestModel Output(string name, params object[] shape) => Value(12, name, ElementType.Float32, shape);

    public TestModel Initializer(string name, float[] data, params long[] shape) => Tensor(name, shape, tensor => tensor.Bytes(9, MemoryMarshal.AsBytes<float>(data)));

    /// <summary>An initializer whose data stands in another file, or comes with AddInitializer.</summary>
    public TestModel ExternalInitializer(string name, string file, long offset, params long[] shape) => Tensor(name, shape, tensor => tensor
        .Message(13, entry => entry.Text(1, "location").Text(2, file))
        .Message(13, entry => entry.Text(1, "offset").Text(2, $"{offset}"))
        .Message(13, entry => entry.Text(1, "length").Text(2, $"{TensorSize.Bytes(ElementType.Float32, shape)}"))
        .Number(14, 1));

    public TestModel Node(string type, string[] inputs, string[] outputs, params (string Name, object Value)[] attributes) =>
        Node("", type, inputs, outputs, attributes);

    public TestModel CustomNode(string type, string[] inputs, string[] outputs, params (string Name, object Value)[] attributes) =>
        Node(Domain, type, inputs, outputs, attributes);

    public byte[] ToArray() => new ProtobufWriter()
        .Number(1, 8)
        .Bytes(7, _graph.ToArray())
        .Message(8, opset => opset.Text(1, "").Number(2, 17))
        .Message(8, opset => opset.Text(1, Domain).Number(2, 1))
        .Message(8, opset => opset.Text(1, "com.microsoft").Number(2, 1))
        .ToArray();

    private TestModel Node(string domain, string type, string[] inputs, string[] outputs, (string Name, object Value)[] attributes)
    {
        _graph.Message(1, node =>
        {
            Array.ForEach(inputs, name => node.Text(1, name));
            Array.ForEach(outputs, name => node.Text(2, name));
            node.Text(3, $"{type}.{outputs[0]}").Text(4, type).Text(7, domain);
            Array.ForEach(attributes, attribute => node.Message(5, message => Attribute(message.Text(1, attribute.Name), attribute.Value)));
        });
        return this;
    }

    private static void Attribute(ProtobufWriter message, object value) => _ = value switch
    {
        float number => message.Single(2, number).Number(20, 1),
        string text => message.Text(4, text).Number(20, 3),
        _ => message.Number(3, Convert.ToInt64(value, null)).Number(20, 2),
    };

    private TestModel Tensor(string name, long[] shape, Action<ProtobufWriter> data)
    {
        _graph.Message(5, tensor =>
        {
            Array.ForEach(shape, dimension => tensor.Number(1, dimension));
            data(tensor.Number(2, 1).Text(8, name));
        });
        return this;
    }

    private TestModel Value(int field, string name, ElementType type, object[] shape)
    {
        _graph.Message(field, value => value.Text(1, name).Message(2, typeProto => typeProto.Message(1, tensor => tensor
            .Number(1, OnnxType(type))
            .Message(2, shapeProto => Array.ForEach(shape, dimension => shapeProto.Message(1, dim =>
                _ = dimension is string symbol ? dim.Text(2, symbol) : dim.Number(1, Convert.ToInt64(dimension, null))))))));
        return this;
    }

    private static int OnnxType(ElementType type) => type switch
    {
        ElementType.Float32 => 1,
        ElementType.Int32 => 6,
        ElementType.Int64 => 7,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}

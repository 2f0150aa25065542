using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.OnnxRuntime.Values;
using Google.Protobuf;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// An ONNX model and the places of its tensors. <b>Effects</b>: data files stay mapped until <see cref="Dispose"/>; the graph without its tensors'
/// data is in memory.
/// <b>Errors</b>: <see cref="ModelImportException"/> for what is not a model, or has tensors that are not where or what they should be.
/// </summary>
internal sealed class OnnxModelFile : IDisposable
{
    private const long LimitBytes = 1 << 30;
    private readonly DataFiles _data;
    private readonly Dictionary<string, OnnxTensor> _tensors = new(StringComparer.Ordinal);

    private OnnxModelFile(string path, GraphProto graph, DataFiles data)
    {
        (Path, Graph, _data) = (path, graph, data);
        foreach (var initializer in graph.Initializer)
        {
            if (!_tensors.TryAdd(initializer.Name, Read(initializer)))
            {
                throw new ModelImportException("graph_invalid", $"The graph has two tensors named '{initializer.Name}'.");
            }
        }
    }

    public string Path { get; }

    public GraphProto Graph { get; }

    public IReadOnlyDictionary<string, OnnxTensor> Tensors => _tensors;

    /// <summary>The graph's file and its data files, full paths in a fixed order.</summary>
    public IEnumerable<string> Files => _data.Paths.Prepend(Path);

    public static OnnxModelFile Open(string folder, string name)
    {
        var path = System.IO.Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            throw new ModelImportException("graph_missing", $"The model folder has no file '{name}', which its configuration names.");
        }

        var model = Parse(path, name);
        var data = new DataFiles(folder);
        try
        {
            return new OnnxModelFile(path, model.Graph, data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>A tensor of the graph or of a node's attribute.</summary>
    public OnnxTensor Read(TensorProto proto)
    {
        var tensor = new OnnxTensor(proto.Name, TypeOf(proto), [.. proto.Dims]);
        Measure(tensor);
        if (proto.DataLocation == TensorProto.Types.DataLocation.External)
        {
            return _data.Place(proto, tensor);
        }

        var bytes = proto.HasRawData ? proto.RawData.Memory : Typed(proto, tensor);
        return bytes.Length == tensor.Bytes
            ? tensor with { Inline = bytes }
            : throw Wrong(proto, $"holds {bytes.Length} bytes where its type and shape call for {tensor.Bytes}");
    }

    public void Dispose() => _data.Dispose();

    private static ModelProto Parse(string path, string name)
    {
        var length = new FileInfo(path).Length;
        if (length > LimitBytes)
        {
            throw new ModelImportException(
                "graph_too_large", $"{name} has {length} bytes; at most {LimitBytes} are read: keep the weights in data files beside it.");
        }

        try
        {
            var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
            return model.Graph is not null && model.Functions.Count == 0
                ? model
                : throw new ModelImportException("graph_invalid", $"{name} is not an ONNX model with one graph and no functions of its own.");
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new ModelImportException("graph_invalid", $"{name} is not an ONNX model, or cut short: {error.Message}", error);
        }
    }

    private static void Measure(OnnxTensor tensor)
    {
        try
        {
            _ = tensor.Bytes;
        }
        catch (ArgumentException error)
        {
            throw new ModelImportException(
                "graph_tensor", $"The graph's tensor '{tensor.Name}' can't have the shape [{string.Join(", ", tensor.Shape)}].", error);
        }
    }

    private static ElementType TypeOf(TensorProto proto) => proto.DataType switch
    {
        (int)TensorProto.Types.DataType.Float => ElementType.Float32,
        (int)TensorProto.Types.DataType.Uint8 => ElementType.UInt8,
        (int)TensorProto.Types.DataType.Int32 => ElementType.Int32,
        (int)TensorProto.Types.DataType.Int64 => ElementType.Int64,
        (int)TensorProto.Types.DataType.Float16 or (int)TensorProto.Types.DataType.Bfloat16 =>
            throw HalfPrecision($"The graph's tensor '{proto.Name}'"),
        _ => throw Wrong(
            proto, $"has the element type {proto.DataType}, which is not supported; exports of the model builder with f32, int4 or int8 weights are"),
    };

    /// <summary>What computes in f16 can't be computed exactly here.</summary>
    public static ModelImportException HalfPrecision(string subject) => new(
        "graph_half_precision", $"{subject} is f16 or bf16, an export for GPUs; export the model with '-p fp32 -e cpu' or '-p int4 -e cpu'.");

    private static ReadOnlyMemory<byte> Typed(TensorProto proto, OnnxTensor tensor) => tensor.Type switch
    {
        ElementType.Float32 => MemoryMarshal.AsBytes<float>(proto.FloatData.ToArray()).ToArray(),
        ElementType.Int64 => MemoryMarshal.AsBytes<long>(proto.Int64Data.ToArray()).ToArray(),
        ElementType.Int32 => MemoryMarshal.AsBytes<int>(proto.Int32Data.ToArray()).ToArray(),
        _ => proto.Int32Data.Select(value => (byte)value).ToArray(),
    };

    private static ModelImportException Wrong(TensorProto proto, string reason) =>
        new("graph_tensor", $"The graph's tensor '{proto.Name}' {reason}.");
}

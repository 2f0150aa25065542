using System.Security.Cryptography;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;
using Google.Protobuf;

namespace AdapterServe.Bench.Products;

/// <summary>A graph of equal linears that all read one input, so many that their weights exceed the last cache.</summary>
internal sealed class ProductSession : IDisposable
{
    private readonly OrtSession _session;
    private readonly OrtEnvironment _environment;
    private readonly string[] _outputs;

    public ProductSession(OrtEnvironment environment, ProductVariant variant, int columns, int rows, int copies, int threads, string folder)
    {
        _environment = environment;
        Columns = columns;
        var builder = new OnnxGraphBuilder("products");
        builder.AddInput("x", TensorProto.Types.DataType.Float, "T", columns);
        _outputs = new string[copies];
        for (var copy = 0; copy < copies; copy++)
        {
            _outputs[copy] = $"y{copy}";
            AddProduct(builder, variant, rows, copy, folder);
            builder.AddOutput(_outputs[copy], TensorProto.Types.DataType.Float, "T", rows);
        }

        using var options = new OrtSessionOptions(environment);
        options.SetIntraOpThreads(threads);
        options.AddConfigEntry("session.model_external_initializers_file_folder_path", "/");
        _session = OrtSession.FromMemory(environment, builder.Build().ToByteArray(), options);
    }

    public int Columns { get; }

    public void Run(OrtValue input)
    {
        foreach (var output in _session.Run([("x", input)], _outputs))
        {
            output.Dispose();
        }
    }

    public OrtValue Input(int tokens)
    {
        var input = OrtValue.Allocate(_environment, [tokens, Columns], ElementType.Float32);
        var random = new Random(1);
        foreach (ref var value in input.AsSpan<float>())
        {
            value = random.NextSingle() - 0.5f;
        }

        return input;
    }

    public void Dispose() => _session.Dispose();

    private void AddProduct(OnnxGraphBuilder builder, ProductVariant variant, int rows, int copy, string folder)
    {
        var blocks = (Columns + variant.Block - 1) / variant.Block;
        var bias = variant.HasBias ? Weight("bias", ElementType.Float32, rows) : "";
        if (variant.Bits == 32)
        {
            var weight = Weight("w", ElementType.Float32, rows, Columns);
            builder.AddNode($"n{copy}", "Gemm", variant.HasBias ? ["x", weight, bias] : ["x", weight], [("transB", 1)], output: _outputs[copy]);
            return;
        }

        var data = Weight("b", ElementType.UInt8, rows, blocks, variant.Block * variant.Bits / 8);
        var scales = Weight("scales", ElementType.Float32, rows * blocks);
        var zeroPoints = variant.HasZeroPoints ? Weight("zero", ElementType.UInt8, rows * ((blocks * variant.Bits + 7) / 8)) : "";
        string[] withoutBias = variant.HasZeroPoints ? ["x", data, scales, zeroPoints] : ["x", data, scales];
        builder.AddNode(
            $"n{copy}",
            "MatMulNBits",
            variant.HasBias ? ["x", data, scales, zeroPoints, "", bias] : withoutBias,
            [("K", Columns), ("N", rows), ("bits", variant.Bits), ("block_size", variant.Block), ("accuracy_level", variant.Accuracy)],
            GraphNames.ContribDomain,
            _outputs[copy]);

        string Weight(string name, ElementType type, params ReadOnlySpan<long> shape)
        {
            var path = Path.Combine(folder, $"{variant.Name}-{name}-{copy}");
            var bytes = TensorSize.Bytes(type, shape);
            Fill(path, type, bytes);
            var reference = new WeightReference($"{name}{copy}", type, [.. shape], path, 0);
            builder.AddExternalWeight(reference);
            return reference.Name;
        }
    }

    private static void Fill(string path, ElementType type, long bytes)
    {
        var content = RandomNumberGenerator.GetBytes((int)bytes);
        if (type == ElementType.Float32)
        {
            var values = new float[bytes / sizeof(float)];
            Array.Fill(values, 0.01f);
            Buffer.BlockCopy(values, 0, content, 0, (int)bytes);
        }

        File.WriteAllBytes(path, content);
    }
}

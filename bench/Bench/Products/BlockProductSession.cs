using System.Security.Cryptography;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Kernels.Weights;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;
using Google.Protobuf;

namespace AdapterServe.Bench.Products;

/// <summary>A graph of one linear. Its weights lie in a file, as those of an import do.</summary>
internal sealed class BlockProductSession : IDisposable
{
    private const int Block = 32;
    private const string Output = "y";
    private readonly OrtEnvironment _environment;
    private readonly OrtSession _session;
    private readonly OrtIoBinding _binding;
    private readonly Workspace _workspace = new();
    private readonly int _columns;
    private readonly int _rows;
    private readonly string _path;
    private OrtValue? _input;
    private OrtValue? _output;
    private long _written;

    public BlockProductSession(OrtEnvironment environment, BlockProductVariant variant, int columns, int rows, int threads, string folder)
    {
        (_environment, _columns, _rows) = (environment, columns, rows);
        _path = Path.Combine(folder, Path.GetRandomFileName());
        var builder = new OnnxGraphBuilder("products");
        builder.AddInput("x", TensorProto.Types.DataType.Float, "T", columns);
        builder.AddOutput(Output, TensorProto.Types.DataType.Float, "T", rows);
        AddProduct(builder, variant);

        using var domain = new CustomOpDomain(environment, GraphNames.OpDomain);
        domain.Add(new BlockQuantizedProductOp(_workspace, new OrtParallel(threads)));
        using var options = new OrtSessionOptions(environment);
        options.AddConfigEntry("session.model_external_initializers_file_folder_path", "/");
        options.UseGlobalThreadPool();
        options.AddCustomOps(domain);
        _session = OrtSession.FromMemory(environment, builder.Build().ToByteArray(), options);
        _binding = new OrtIoBinding(_session);
    }

    public long WeightBytes => _written;

    public void Bind(int tokens)
    {
        _input?.Dispose();
        _output?.Dispose();
        _output = OrtValue.Allocate(_environment, [tokens, _rows], ElementType.Float32);
        _input = OrtValue.Allocate(_environment, [tokens, _columns], ElementType.Float32);
        var random = new Random(1);
        foreach (ref var value in _input.AsSpan<float>())
        {
            value = random.NextSingle() - 0.5f;
        }

        _binding.BindInput("x", _input);
        _binding.BindOutput(Output, _output);
    }

    public void Run() => _session.RunWithBinding(_binding);

    public void Dispose()
    {
        _binding.Dispose();
        _session.Dispose();
        _input?.Dispose();
        _output?.Dispose();
        _workspace.Dispose();
    }

    private void AddProduct(OnnxGraphBuilder builder, BlockProductVariant variant)
    {
        var blocks = (_columns + Block - 1) / Block;
        switch (variant)
        {
            case BlockProductVariant.Single:
                builder.AddNode("n", "Gemm", ["x", Weight(builder, "w", ElementType.Float32, _rows, _columns)], [("transB", 1)], output: Output);
                break;
            case BlockProductVariant.MatMulNBits:
                builder.AddNode(
                    "n",
                    "MatMulNBits",
                    ["x", Weight(builder, "b", ElementType.UInt8, _rows, blocks, Block / 2), Weight(builder, "scales", ElementType.Float32, (long)_rows * blocks)],
                    [("K", _columns), ("N", _rows), ("bits", 4), ("block_size", Block), ("accuracy_level", 4)],
                    "com.microsoft",
                    Output);
                break;
            default:
                var layout = new BlockProductLayout(new BlockFormat(4, Block), _columns, _rows, hasZeroPoints: false);
                builder.AddNode(
                    "n",
                    GraphNames.BlockQuantizedProduct,
                    ["x", Weight(builder, "packed", ElementType.UInt8, layout.Tiles, layout.TileBytes)],
                    [("K", _columns), ("N", _rows), ("bits", 4), ("block_size", Block)],
                    GraphNames.OpDomain,
                    Output);
                break;
        }
    }

    /// <summary>Random codes; f32 of which none is a denormal or very large, so that also what lies among codes is a fair scale.</summary>
    private string Weight(OnnxGraphBuilder builder, string name, ElementType type, params ReadOnlySpan<long> shape)
    {
        var content = RandomNumberGenerator.GetBytes((int)TensorSize.Bytes(type, shape));
        for (var i = 3; i < content.Length && type == ElementType.Float32; i += 4)
        {
            content[i] = 0x3C;
        }

        using var file = new FileStream(_path, FileMode.Append);
        file.Write(content);
        var reference = new WeightReference(name, type, [.. shape], _path, _written);
        builder.AddExternalWeight(reference);
        _written += content.Length;
        return reference.Name;
    }
}

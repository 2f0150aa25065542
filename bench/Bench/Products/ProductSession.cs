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

/// <summary>
/// A graph of one linear, on the environment's threads. Its weights lie in files, as those of an import do; nothing is allocated while it runs.
/// </summary>
internal sealed class ProductSession : IDisposable
{
    private const string Output = "y";
    private readonly OrtEnvironment _environment;
    private readonly ProductVariant _variant;
    private readonly OrtSession _session;
    private readonly OrtIoBinding _binding;
    private readonly Workspace _workspace = new();
    private readonly int _columns;
    private readonly int _rows;
    private readonly string _folder;
    private readonly FusableLinear? _fusable;
    private readonly OrtValue? _weight;
    private OrtValue? _input;
    private OrtValue? _output;

    public ProductSession(OrtEnvironment environment, ProductVariant variant, int columns, int rows, int threads, string folder)
    {
        (_environment, _variant, _columns, _rows) = (environment, variant, columns, rows);
        _fusable = variant is { Bits: 32, IsOurs: true } ? MakeFusable() : null;
        _folder = Directory.CreateDirectory(Path.Combine(folder, Path.GetRandomFileName())).FullName;
        var builder = new OnnxGraphBuilder("product");
        builder.AddInput("x", TensorProto.Types.DataType.Float, "T", columns);
        builder.AddOutput(Output, TensorProto.Types.DataType.Float, "T", rows);
        AddProduct(builder);
        using var domain = new CustomOpDomain(environment, GraphNames.OpDomain);
        domain.Add(new BlockQuantizedProductOp(_workspace, new OrtParallel(threads)));
        domain.Add(new FusableProductOp(_ => _fusable!, _workspace, new OrtParallel(threads)));
        using var options = new OrtSessionOptions(environment);
        options.AddConfigEntry("session.model_external_initializers_file_folder_path", "/");
        options.UseGlobalThreadPool();
        options.AddCustomOps(domain);
        _session = OrtSession.FromMemory(environment, builder.Build().ToByteArray(), options);
        _binding = new OrtIoBinding(_session);
        if (variant.IsInput)
        {
            _weight = OrtValue.Allocate(environment, [rows, columns], ElementType.Float32);
            _weight.AsSpan<float>().Fill(0.01f);
            _binding.BindInput("w", _weight);
            WeightBytes = (long)rows * columns * sizeof(float);
        }
    }

    public long WeightBytes { get; private set; }

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
        _weight?.Dispose();
        _fusable?.Dispose();
        _workspace.Dispose();
    }

    private FusableLinear MakeFusable()
    {
        var linear = new FusableLinear(_columns, _rows);
        for (var row = 0; row < _rows; row += FusableLinear.RowsAtOnce)
        {
            linear.Load(row, new float[Math.Min(FusableLinear.RowsAtOnce, _rows - row) * _columns]);
        }

        linear.LoadBias(_variant.HasBias ? new float[_rows] : []);
        WeightBytes = (long)_rows * _columns * sizeof(float);
        return linear;
    }

    private void AddProduct(OnnxGraphBuilder builder)
    {
        if (_fusable is not null)
        {
            builder.AddNode("n", GraphNames.FusableProduct, ["x"], [("site", 0), ("N", _rows)], GraphNames.OpDomain, Output);
            return;
        }

        if (_variant.IsInput)
        {
            builder.AddInput("w", TensorProto.Types.DataType.Float, _rows, _columns);
            builder.AddNode("n", "Gemm", ["x", "w"], [("transB", 1)], output: Output);
            return;
        }

        var bias = _variant.HasBias ? Weight(builder, "bias", ElementType.Float32, _rows) : "";
        if (_variant.Bits == 32)
        {
            var weight = Weight(builder, "w", ElementType.Float32, _rows, _columns);
            builder.AddNode("n", "Gemm", _variant.HasBias ? ["x", weight, bias] : ["x", weight], [("transB", 1)], output: Output);
            return;
        }

        (string, object)[] sizes = [("K", _columns), ("N", _rows), ("bits", _variant.Bits), ("block_size", _variant.Block)];
        if (_variant.IsOurs)
        {
            var layout = new BlockProductLayout(new BlockFormat(_variant.Bits, _variant.Block), _columns, _rows, _variant.HasZeroPoints);
            var packed = Weight(builder, "packed", ElementType.UInt8, layout.Tiles, layout.TileBytes);
            builder.AddNode(
                "n",
                GraphNames.BlockQuantizedProduct,
                ["x", packed, bias],
                [.. sizes, ("zero_points", _variant.HasZeroPoints ? 1 : 0)],
                GraphNames.OpDomain,
                Output);
            return;
        }

        var blocks = (_columns + _variant.Block - 1) / _variant.Block;
        var codes = Weight(builder, "b", ElementType.UInt8, _rows, blocks, _variant.Block * _variant.Bits / 8);
        var scales = Weight(builder, "scales", ElementType.Float32, _rows * blocks);
        var zeroPoints = _variant.HasZeroPoints ? Weight(builder, "zero", ElementType.UInt8, _rows * ((blocks * _variant.Bits + 7) / 8)) : "";
        builder.AddNode(
            "n",
            "MatMulNBits",
            ["x", codes, scales, zeroPoints, "", bias],
            [.. sizes, ("accuracy_level", _variant.Accuracy)],
            GraphNames.ContribDomain,
            Output);
    }

    private string Weight(OnnxGraphBuilder builder, string name, ElementType type, params ReadOnlySpan<long> shape)
    {
        var content = RandomNumberGenerator.GetBytes((int)TensorSize.Bytes(type, shape));
        for (var i = 3; i < content.Length && type == ElementType.Float32; i += sizeof(float))
        {
            content[i] = 0x3C; // About 0.01.
        }

        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        builder.AddExternalWeight(new WeightReference(name, type, [.. shape], path, 0));
        WeightBytes += content.Length;
        return name;
    }
}

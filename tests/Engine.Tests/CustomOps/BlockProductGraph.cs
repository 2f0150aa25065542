using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.Kernels.Weights;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;
using Google.Protobuf;

namespace AdapterServe.Engine.Tests.CustomOps;

/// <summary>One product over random weights of 4 bits, through ONNX Runtime: its own operator or ours.</summary>
internal sealed class BlockProductGraph : IDisposable
{
    private const int Threads = 2;
    private readonly OrtEnvironment _environment = new(new OrtEnvironmentOptions { LoggingLevel = OrtLoggingLevel.Fatal });
    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace = new();
    private readonly BlockFormat _format;
    private readonly byte[] _codes;
    private readonly float[] _scales;
    private readonly byte[] _zeroPoints;

    public BlockProductGraph(int blockSize, int inFeatures, int outFeatures, bool hasZeroPoints)
    {
        (_format, InFeatures, OutFeatures) = (new BlockFormat(4, blockSize), inFeatures, outFeatures);
        var random = new Random(blockSize + inFeatures);
        _codes = new byte[outFeatures * _format.RowBytes(inFeatures)];
        random.NextBytes(_codes);
        _scales = Random(random, (long)outFeatures * _format.Blocks(inFeatures));
        _zeroPoints = new byte[hasZeroPoints ? outFeatures * _format.ZeroBytes(inFeatures) : 0];
        random.NextBytes(_zeroPoints);
        Bias = Random(random, outFeatures);
    }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    public float[] Bias { get; }

    public static float[] Random(Random random, long count) => [.. Enumerable.Range(0, (int)count).Select(_ => (random.NextSingle() * 2) - 1)];

    /// <summary>In f64, over x as it is.</summary>
    public double Exact(ReadOnlySpan<float> x, int output)
    {
        var sum = (double)Bias[output];
        for (var i = 0; i < x.Length; i++)
        {
            sum += x[i] * Weight(output, i);
        }

        return sum;
    }

    /// <summary>
    /// How far rounding x to 8 bits may move an output: half a step, max |x| / 254 of each 32 inputs, for every weight; and 1e-6 of the sum of
    /// magnitudes for f32.
    /// </summary>
    public double Bound(ReadOnlySpan<float> x, int output)
    {
        var bound = 1e-6 * Math.Abs(Bias[output]);
        for (var first = 0; first < x.Length; first += 32)
        {
            var group = x[first..Math.Min(first + 32, x.Length)].ToArray();
            var step = group.Max(MathF.Abs) / 254.0;
            bound += group.Select((value, i) => Math.Abs(Weight(output, first + i)) * ((step * (1 + 1e-5)) + (1e-6 * Math.Abs(value)))).Sum();
        }

        return bound;
    }

    public float[] RunTheirs(float[] x)
    {
        var blocks = _format.Blocks(InFeatures);
        string[] inputs =
        [
            "x", "codes", "scales", _zeroPoints.Length == 0 ? "" : "zeros", "", "bias",
        ];
        return Run(x, "MatMulNBits", "com.microsoft", inputs, [("accuracy_level", 4)], [
            ("codes", ElementType.UInt8, [OutFeatures, blocks, _format.BlockBytes], _codes),
            ("scales", ElementType.Float32, [(long)OutFeatures * blocks], Bytes(_scales)),
            ("zeros", ElementType.UInt8, [_zeroPoints.Length], _zeroPoints),
            ("bias", ElementType.Float32, [OutFeatures], Bytes(Bias)),
        ]);
    }

    /// <param name="x">Rows.</param>
    /// <param name="cutBytes">By how much the weights are too short.</param>
    public float[] RunOurs(float[] x, int cutBytes = 0)
    {
        var packed = Pack();
        var hasZeroPoints = _zeroPoints.Length == 0 ? 0 : 1;
        return Run(x, GraphNames.BlockQuantizedProduct, GraphNames.OpDomain, ["x", "packed", "bias"], [("zero_points", hasZeroPoints)], [
            ("packed", ElementType.UInt8, [packed.Length - cutBytes], packed),
            ("bias", ElementType.Float32, [OutFeatures], Bytes(Bias)),
        ]);
    }

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
        _environment.Dispose();
    }

    private double Weight(int output, int input)
    {
        var block = input / _format.BlockSize;
        var zero = _zeroPoints.Length == 0 ? _format.DefaultZero : Nibble(_zeroPoints.AsSpan(output * _format.ZeroBytes(InFeatures)), block);
        var code = Nibble(_codes.AsSpan((int)(output * _format.RowBytes(InFeatures))), input);
        return (code - zero) * (double)_scales[(output * _format.Blocks(InFeatures)) + block];
    }

    private static int Nibble(ReadOnlySpan<byte> packed, int index) => (packed[index / 2] >> (4 * (index & 1))) & 15;

    private static byte[] Bytes(float[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private unsafe byte[] Pack()
    {
        using var arena = new WeightArena();
        var layout = new BlockProductLayout(_format, InFeatures, OutFeatures, _zeroPoints.Length > 0);
        var weights = BlockProductWeights.Pack(arena, layout, _codes, _scales, _zeroPoints);
        return new ReadOnlySpan<byte>((void*)weights.Start, (int)layout.Bytes).ToArray();
    }

    private float[] Run(
        float[] x,
        string type,
        string domain,
        string[] inputs,
        (string, object)[] attributes,
        (string Name, ElementType Type, long[] Shape, byte[] Data)[] weights)
    {
        var builder = new OnnxGraphBuilder("product");
        builder.AddInput("x", TensorProto.Types.DataType.Float, "T", InFeatures);
        foreach (var weight in weights.Where(weight => inputs.Contains(weight.Name)))
        {
            var path = Path.Combine(_folder.Path, weight.Name);
            File.WriteAllBytes(path, weight.Data);
            builder.AddExternalWeight(new WeightReference(weight.Name, weight.Type, [.. weight.Shape], path, 0));
        }

        (string, object)[] sizes = [("K", InFeatures), ("N", OutFeatures), ("bits", 4), ("block_size", _format.BlockSize)];
        builder.AddNode("n", type, inputs, [.. sizes, .. attributes], domain, "y");
        builder.AddOutput("y", TensorProto.Types.DataType.Float, "T", OutFeatures);
        using var op = new CustomOpDomain(_environment, GraphNames.OpDomain);
        op.Add(new BlockQuantizedProductOp(_workspace, new OrtParallel(Threads)));
        using var options = new OrtSessionOptions(_environment);
        options.SetIntraOpThreads(Threads);
        options.AddConfigEntry("session.model_external_initializers_file_folder_path", "/");
        options.AddCustomOps(op);
        using var session = OrtSession.FromMemory(_environment, builder.Build().ToByteArray(), options);
        using var input = OrtValue.Allocate(_environment, [x.Length / InFeatures, InFeatures], ElementType.Float32);
        x.CopyTo(input.AsSpan<float>());
        using var output = session.Run([("x", input)], ["y"])[0];
        return output.AsSpan<float>().ToArray();
    }
}

using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>A matrix of 4 bits with some rows of x; every buffer ends at a guard page.</summary>
internal sealed unsafe class BlockProductCase
{
    public BlockProductCase(int blockSize, int inFeatures, int outFeatures, int rows, bool hasZeroPoints = false, bool hasBias = false)
    {
        var format = new BlockFormat(4, blockSize);
        Layout = new BlockProductLayout(format, inFeatures, outFeatures, hasZeroPoints);
        Rows = rows;
        X = RandomData.Floats(1, (long)rows * inFeatures);
        var random = new Random((blockSize * inFeatures) + outFeatures);
        Codes = new byte[outFeatures * format.RowBytes(inFeatures)];
        random.NextBytes(Codes);
        Scales = RandomData.Floats(3, (long)outFeatures * format.Blocks(inFeatures), 0.02f);
        ZeroPoints = new byte[hasZeroPoints ? outFeatures * format.ZeroBytes(inFeatures) : 0];
        random.NextBytes(ZeroPoints);
        Bias = hasBias ? RandomData.Floats(4, outFeatures) : null;
    }

    public BlockProductLayout Layout { get; }

    public int Rows { get; }

    public float[] X { get; init; }

    public byte[] Codes { get; }

    public float[] Scales { get; }

    public byte[] ZeroPoints { get; }

    public float[]? Bias { get; }

    public float[] RowOfX(int row) => X[(row * Layout.InFeatures)..((row + 1) * Layout.InFeatures)];

    public float[] Run(IParallel? parallel = null) => Run(X, parallel ?? new SerialParallel());

    /// <summary>Some rows without the others.</summary>
    public float[] Run(float[] x, IParallel parallel)
    {
        using var arena = new WeightArena();
        var packed = BlockProductWeights.Pack(arena, Layout, Codes, Scales, ZeroPoints);
        using var weights = new GuardedBuffer<byte>(new ReadOnlySpan<byte>((void*)packed.Start, (int)Layout.Bytes));
        using var input = new GuardedBuffer<float>(x);
        using var bias = new GuardedBuffer<float>(Bias);
        var rows = x.Length / Layout.InFeatures;
        using var output = new GuardedBuffer<float>((long)rows * Layout.OutFeatures);
        output.Span.Fill(float.NaN);
        using var workspace = new GuardedBuffer<byte>(BlockQuantizedProduct.WorkspaceBytes(Layout, rows, parallel.Threads));
        BlockQuantizedProduct.Apply(
            input.Pointer,
            rows,
            new BlockProductWeights(Layout, (nint)weights.Pointer),
            Bias is null ? null : bias.Pointer,
            output.Pointer,
            workspace.Pointer,
            parallel);
        return output.Span.ToArray();
    }

    public void Check()
    {
        var actual = Run();
        var (inFeatures, outFeatures) = (Layout.InFeatures, Layout.OutFeatures);
        for (var row = 0; row < Rows; row++)
        {
            var expected = Bias is null ? new double[outFeatures] : Array.ConvertAll(Bias, value => (double)value);
            var magnitude = Array.ConvertAll(expected, Math.Abs);
            Reference.BlockQuantizedProduct.Add(Layout.Format, RowOfX(row), Codes, Scales, ZeroPoints, expected, magnitude);
            for (var o = 0; o < outFeatures; o++)
            {
                var got = actual[(row * outFeatures) + o];
                Assert.True(
                    Math.Abs(got - expected[o]) <= Tolerances.BlockQuantizedProduct(inFeatures, magnitude[o]),
                    $"block {Layout.Format.BlockSize}, H {inFeatures}, O {outFeatures}, [{row}, {o}]: expected {expected[o]}, got {got}");
            }
        }
    }
}

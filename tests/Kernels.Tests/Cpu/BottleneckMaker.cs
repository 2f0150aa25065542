using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>Bottlenecks of every sort, with reproducible values.</summary>
internal static class BottleneckMaker
{
    /// <summary>Two products and a function, with biases where the type allows one.</summary>
    public static BottleneckParts Plain(
        int seed, int inWidth, int rank, int outWidth, WeightType type, BottleneckInput input = BottleneckInput.Input, Activation activation = Activation.Relu) => new()
        {
            Input = input,
            Down = Matrix(seed, rank, inWidth, type),
            DownBias = type == WeightType.Bit ? null : RandomData.Floats(seed + 1, rank),
            Activation = activation,
            Up = Matrix(seed + 2, outWidth, rank, type),
            UpBias = type == WeightType.Bit ? null : RandomData.FromBF16(RandomData.ToBF16(RandomData.Floats(seed + 3, outWidth))),
            Scale = 0.7f + (0.1f * seed),
        };

    /// <summary>Norms on both sides, scales of both kinds.</summary>
    public static BottleneckParts Full(int seed, int width, int rank, WeightType type, BottleneckInput input = BottleneckInput.Sum) => new()
    {
        Input = input,
        Before = Norm(seed + 10, width, 1e-5f),
        Down = Matrix(seed, rank, width, type),
        DownBias = RandomData.Floats(seed + 1, rank),
        Activation = Activation.Gelu,
        Up = Matrix(seed + 2, width, rank, type),
        Scale = -1.5f,
        ChannelScale = RandomData.Floats(seed + 4, width),
        After = Norm(seed + 12, width, 0.5f),
        AfterNormsOutput = seed % 2 == 0,
    };

    public static BottleneckParts Slice(int seed, int inOffset, int inWidth, int rank, int outOffset, int outWidth, BottleneckInput input) => new()
    {
        Input = input,
        InOffset = inOffset,
        Down = Matrix(seed, rank, inWidth, WeightType.F32),
        Activation = Activation.Silu,
        Up = Matrix(seed + 2, outWidth, rank, WeightType.F32),
        ChannelScale = inOffset % 2 == 0 ? null : RandomData.Floats(seed + 4, outWidth),
        OutOffset = outOffset,
        Scale = -1,
    };

    public static BottleneckParts Convolution(int seed, int width, int rank, int taps, WeightType type = WeightType.F32) => new()
    {
        Input = BottleneckInput.Normed,
        Down = Matrix(seed, rank, width, type),
        DownBias = RandomData.Floats(seed + 1, rank),
        Convolution = new ConvolutionParts(RandomData.Floats(seed + 5, (long)rank * taps), RandomData.Floats(seed + 6, rank), taps),
        Activation = Activation.Silu,
        Up = Matrix(seed + 2, width, rank, type),
        UpBias = type == WeightType.Bit ? null : RandomData.Floats(seed + 3, width),
    };

    /// <summary>One for each of <see cref="Popularity.Ranks"/>: no two neighbours of the same sort.</summary>
    public static BottleneckParts[] Mixed(int width, WeightType type) => [.. Popularity.Ranks.Select((rank, i) => (i % 3) switch
    {
        0 => Plain(i, width, rank, width, type),
        1 => Full(i, width, rank, type),
        _ => Plain(i, width, rank, width, type, BottleneckInput.Output, Activation.Tanh),
    })];

    public static LayerNormParts Norm(int seed, int width, float epsilon) => new(RandomData.Floats(seed, width), RandomData.Floats(seed + 1, width), epsilon);

    public static MatrixParts Matrix(int seed, int rows, int columns, WeightType type)
    {
        var values = RandomData.Floats(100 + seed, (long)rows * columns, 1 / MathF.Sqrt(columns));
        switch (type)
        {
            case WeightType.F32:
                return new F32Matrix(rows, columns, values);
            case WeightType.BF16:
                return new BF16Matrix(rows, columns, RandomData.ToBF16(values));
            default:
                var bits = new byte[((rows * columns) + 7) / 8];
                new Random(seed).NextBytes(bits);
                return new BitMatrix(rows, columns, bits, -0.3f / MathF.Sqrt(columns), 0.5f / MathF.Sqrt(columns));
        }
    }
}

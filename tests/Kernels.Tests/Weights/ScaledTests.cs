using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Cpu;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Weights;

/// <summary>Multiples of terms, on 21 rows of inputs and outputs that fill no lane.</summary>
public sealed unsafe class ScaledTests : IDisposable
{
    private const int Rows = 21;
    private const int In = 37;
    private const int Out = 37;

    private readonly WeightArena _arena = new();

    public static TheoryData<string> Terms => ["low rank", "dense", "dense bf16", "sparse", "output bias", "added norm", "low-rank rows", "sparse rows", "bottleneck", "bottleneck of bits"];

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_power_of_two_multiplies_every_bit_and_takes_no_memory(string term)
    {
        var weights = Make(term);
        var bytes = _arena.Bytes;
        var once = Run(weights, new float[Rows * Out]);
        var scaled = weights.Scaled(-4)!.Scaled(0.125f)!;

        Assert.Equal(Array.ConvertAll(once, value => value * -0.5f), Run(scaled, new float[Rows * Out]));
        Assert.Contains(once, value => value != 0);
        Assert.Equal((0, bytes), (scaled.Bytes, _arena.Bytes));
        Assert.Equal((weights.Form, In, Out), (scaled.Form, scaled.InFeatures, scaled.OutFeatures));
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_factor_of_1_changes_no_bit(string term)
    {
        var (weights, y) = (Make(term), RandomData.Floats(5, Rows * Out));
        Assert.Equal(Run(weights, y), Run(weights.Scaled(1)!, y));
    }

    [Fact]
    public void What_replaces_or_multiplies_the_output_has_no_multiple()
    {
        FormWeights[] others =
        [
            VectorWeights.Pack(_arena, FormKind.OutputScale, In, Out, new float[Out]), VectorWeights.Pack(_arena, FormKind.InputScale, In, Out, new float[In]),
            RmsNormWeights.Pack(_arena, 1e-5f, new float[Out]), DenseWeights.Pack(_arena, In, Out, new float[In * Out], DenseMode.Replace, WeightType.F32),
            ReplacedRows.Pack(_arena, In, Out, [1], new float[Out]),
            BottleneckWeights.Pack(_arena, In, Out, BottleneckMaker.Plain(1, In, 3, Out, WeightType.F32, BottleneckInput.Output)),
            BottleneckWeights.Pack(_arena, In, Out, BottleneckMaker.Full(1, In, 3, WeightType.F32, BottleneckInput.Input)),
        ];
        Assert.All(others, weights => Assert.Null(weights.Scaled(2)));
    }

    public void Dispose() => _arena.Dispose();

    private FormWeights Make(string term)
    {
        var values = RandomData.Floats(3, In * Out);
        int[] places = [.. Enumerable.Range(0, 90).Select(i => i * 7 % In)];
        return term switch
        {
            "low rank" => LowRankWeights.Pack(_arena, 5, In, Out, values.AsSpan(0, 5 * In), RandomData.Floats(4, 5 * Out), 0.75f, WeightType.F32),
            "dense" => DenseWeights.Pack(_arena, In, Out, values, DenseMode.Add, WeightType.F32),
            "dense bf16" => DenseWeights.Pack(_arena, In, Out, values, DenseMode.Add, WeightType.BF16),
            "sparse" => SparseWeights.Pack(_arena, In, Out, places, [.. places.Reverse()], values.AsSpan(0, 90), WeightType.F32),
            "output bias" => VectorWeights.Pack(_arena, FormKind.OutputBias, In, Out, values.AsSpan(0, Out)),
            "added norm" => RmsNormWeights.Pack(_arena, 1e-5f, values.AsSpan(0, Out), isAdded: true),
            "low-rank rows" => LowRankRows.Pack(_arena, 5, In, Out, values.AsSpan(0, 5 * In), RandomData.Floats(4, 5 * Out), 0.75f),
            "sparse rows" => SparseRows.Pack(_arena, In, Out, places, [.. places.Reverse()], values.AsSpan(0, 90), WeightType.F32),
            "bottleneck" => BottleneckWeights.Pack(_arena, In, Out, BottleneckMaker.Plain(1, In, 5, Out, WeightType.F32)),
            "bottleneck of bits" => BottleneckWeights.Pack(_arena, In, Out, BottleneckMaker.Plain(1, In, 5, Out, WeightType.Bit)),
            _ => throw new ArgumentOutOfRangeException(nameof(term)),
        };
    }

    private static float[] Run(FormWeights weights, float[] y)
    {
        using var x = new GuardedBuffer<float>(RandomData.Floats(1, Rows * In));
        using var ids = new GuardedBuffer<long>([.. Enumerable.Range(0, Rows).Select(row => (long)(row * 5 % In))]);
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(1 << 16);
        var memory = workspace.Pointer;
        var parallel = new SerialParallel();
        switch (weights)
        {
            case LowRankWeights lowRank:
                LowRank.Add(x.Pointer, In, output.Pointer, Out, [new LowRankSegment(0, 20, lowRank), new LowRankSegment(20, 21, lowRank)], memory, parallel);
                break;
            case DenseWeights dense:
                Dense.Apply(x.Pointer, In, output.Pointer, Out, [new DenseSegment(0, 20, dense), new DenseSegment(20, 21, dense)], memory, parallel);
                break;
            case SparseWeights sparse:
                Sparse.Add(x.Pointer, In, output.Pointer, Out, [new SparseSegment(0, 20, sparse), new SparseSegment(20, 21, sparse)], memory, parallel);
                break;
            case VectorWeights bias:
                ChannelBias.Add(output.Pointer, Out, [new VectorSegment(0, 20, bias), new VectorSegment(20, 21, bias)], memory, parallel);
                break;
            case RmsNormWeights norm:
                RmsNorm.Apply(x.Pointer, output.Pointer, Out, [new RmsNormSegment(0, 20, norm), new RmsNormSegment(20, 21, norm)], memory, parallel);
                break;
            case BottleneckWeights bottleneck:
                var operands = new BottleneckOperands { X = x.Pointer, Y = output.Pointer, InFeatures = In, OutFeatures = Out };
                Bottleneck.Add(operands, [new BottleneckSegment(0, 20, bottleneck), new BottleneckSegment(20, 21, bottleneck)], [], memory, parallel);
                break;
            case EmbeddingRowsWeights rows:
                EmbeddingRows.Apply(ids.Pointer, output.Pointer, Out, [new EmbeddingSegment(0, 20, rows), new EmbeddingSegment(20, 21, rows)], memory, parallel);
                break;
        }

        return output.Span.ToArray();
    }
}

using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>The step path allocates nothing: a collection on any thread would show as a pause between tokens.</summary>
public sealed unsafe class AllocationTests
{
    [Fact]
    public void Low_rank_and_dense_forms_allocate_nothing()
    {
        using var arena = new WeightArena();
        var lowRank = LowRankWeights.Pack(arena, 3, 40, 50, new float[120], new float[150], 1, WeightType.F32);
        var dense = DenseWeights.Pack(arena, 40, 50, new float[2000], DenseMode.Add, WeightType.BF16);
        using var x = new GuardedBuffer<float>(4 * 40);
        using var y = new GuardedBuffer<float>(4 * 50);
        using var workspace = new GuardedBuffer<byte>(Math.Max(LowRank.WorkspaceBytes(4, 2, 3, 40), Dense.WorkspaceBytes(1)));
        LowRankSegment[] lowRankSegments = [new(0, 1, lowRank), new(2, 4, lowRank)];
        DenseSegment[] denseSegments = [new(0, 4, dense)];
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() =>
        {
            LowRank.Add(x.Pointer, 40, y.Pointer, 50, lowRankSegments, workspace.Pointer, parallel);
            Dense.Apply(x.Pointer, 40, y.Pointer, 50, denseSegments, workspace.Pointer, parallel);
        }));
    }

    [Fact]
    public void The_forms_of_scale_bias_norm_and_sparse_allocate_nothing()
    {
        using var arena = new WeightArena();
        VectorSegment[] scales = [new(0, 3, VectorWeights.Pack(arena, FormKind.OutputScale, 40, 50, new float[50]))];
        VectorSegment[] biases = [new(0, 5, VectorWeights.Pack(arena, FormKind.OutputBias, 40, 50, new float[50]))];
        RmsNormSegment[] norms = [new(0, 5, RmsNormWeights.Pack(arena, 1e-5f, new float[40]))];
        SparseSegment[] sparses = [new(0, 5, SparseWeights.Pack(arena, 40, 50, [1, 7], [2, 3], [1f, 2f], WeightType.F32))];
        using var x = new GuardedBuffer<float>(5 * 40);
        using var y = new GuardedBuffer<float>(5 * 50);
        using var workspace = new GuardedBuffer<byte>(Sparse.WorkspaceBytes(5, 1, 40));
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() =>
        {
            ChannelScale.Apply(y.Pointer, 50, scales, workspace.Pointer, parallel);
            ChannelBias.Add(y.Pointer, 50, biases, workspace.Pointer, parallel);
            Sparse.Add(x.Pointer, 40, y.Pointer, 50, sparses, workspace.Pointer, parallel);
            RmsNorm.Apply(x.Pointer, y.Pointer, 40, norms, workspace.Pointer, parallel);
        }));
    }

    [Fact]
    public void Rotations_and_gates_allocate_nothing()
    {
        using var arena = new WeightArena();
        InputRotationSegment[] inputs = [new(0, 5, InputRotationWeights.Pack(arena, 40, 50, [new RotationFactor(4, new float[16]), new RotationFactor(20, new float[800])]))];
        OutputRotationSegment[] outputs = [new(1, 5, OutputRotationWeights.Pack(arena, 40, 50, 10, new float[50], new float[50]))];
        LowRankSegment[] gated = [new(0, 4, LowRankWeights.Pack(arena, 3, 40, 50, new float[120], new float[150], 1, WeightType.F32, gate: new RankGate(1, 2, 0)))];
        using var x = new GuardedBuffer<float>(5 * 40);
        using var y = new GuardedBuffer<float>(5 * 50);
        using var workspace = new GuardedBuffer<byte>(Math.Max(InputRotation.WorkspaceBytes(5, 1, 20, 1), LowRank.WorkspaceBytes(4, 1, 3, 40)));
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() =>
        {
            InputRotation.Apply(x.Pointer, 40, inputs, workspace.Pointer, parallel);
            OutputRotation.Apply(y.Pointer, 50, outputs, workspace.Pointer, parallel);
            LowRank.Add(x.Pointer, 40, y.Pointer, 50, gated, workspace.Pointer, parallel);
        }));
    }

    [Fact]
    public void The_forms_of_embedding_rows_allocate_nothing()
    {
        using var arena = new WeightArena();
        EmbeddingSegment[] segments =
        [
            new(0, 1, ReplacedRows.Pack(arena, 9, 50, [7, 2], new float[100])),
            new(1, 3, LowRankRows.Pack(arena, 3, 9, 50, new float[27], new float[150], 2)),
            new(4, 5, SparseRows.Pack(arena, 9, 50, [1, 7], [2, 3], [1f, 2f], WeightType.F32)),
        ];
        using var ids = new GuardedBuffer<long>([7, 1, 8, 0, 7]);
        using var y = new GuardedBuffer<float>(5 * 50);
        using var workspace = new GuardedBuffer<byte>(EmbeddingRows.WorkspaceBytes(segments.Length));
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() => EmbeddingRows.Apply(ids.Pointer, y.Pointer, 50, segments, workspace.Pointer, parallel)));
    }

    [Fact]
    public void Bottlenecks_allocate_nothing()
    {
        using var arena = new WeightArena();
        var full = BottleneckWeights.Pack(arena, 40, 40, BottleneckMaker.Full(1, 40, 5, WeightType.Bit));
        var convolution = BottleneckWeights.Pack(arena, 40, 40, BottleneckMaker.Convolution(2, 40, 5, taps: 4));
        using var x = new GuardedBuffer<float>(5 * 40);
        using var y = new GuardedBuffer<float>(5 * 40);
        using var state = new GuardedBuffer<byte>(arena.StateBytes);
        BottleneckSegment[] segments = [new(0, 2, full), new(2, 5, convolution, 0, 1)];
        SequenceRows[] sequences = [new(2, 5, state.Pointer)];
        using var workspace = new GuardedBuffer<byte>(Bottleneck.WorkspaceBytes(segments));
        var operands = new BottleneckOperands { X = x.Pointer, Normed = x.Pointer, Y = y.Pointer, InFeatures = 40, OutFeatures = 40 };
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() => Bottleneck.Add(operands, segments, sequences, workspace.Pointer, parallel)));
    }

    [Fact]
    public void The_form_of_mixtures_allocates_nothing()
    {
        using var arena = new WeightArena();
        var child = BottleneckWeights.Pack(arena, 40, 40, BottleneckMaker.Plain(1, 40, 3, 40, WeightType.F32));
        var attention = MixtureWeights.PackAttention(arena, 40, 2, new AttentionParts(new float[1600], new float[40], new float[1600], new float[1600], QueriesOutput: false));
        MixtureSegment[] segments =
        [
            new(0, 2, attention.Over(BottleneckInput.Sum, [child, child])), new(2, 3, MixtureWeights.Of(40, BottleneckInput.Output, [child, child], [1, 2], 0.5f)),
        ];
        using var x = new GuardedBuffer<float>(3 * 40);
        using var y = new GuardedBuffer<float>(3 * 40);
        using var workspace = new GuardedBuffer<byte>(Mixture.WorkspaceBytes(segments));
        var operands = new BottleneckOperands { X = x.Pointer, Y = y.Pointer, InFeatures = 40, OutFeatures = 40 };
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() => Mixture.Apply(operands, segments, workspace.Pointer, parallel)));
    }

    [Fact]
    public void Attention_allocates_nothing()
    {
        using var attention = new AttentionCase { Heads = 4, KvHeads = 2, HeadSize = 32, Sequences = [(70, 1), (0, 5)] };
        attention.Execute((in PagedAttentionArguments a) =>
        {
            var arguments = a;
            using var workspace = new GuardedBuffer<byte>(PagedAttention.WorkspaceBytes(a.Tokens, a.Sequences, 71, 4, 2, 32, 1));
            var parallel = new SerialParallel();
            Assert.Equal(0, AllocatedBy(() => PagedAttention.Run(arguments, workspace.Pointer, parallel)));
        });
    }

    [Fact]
    public void Products_of_quantised_weights_allocate_nothing()
    {
        using var arena = new WeightArena();
        var layout = new BlockProductLayout(new BlockFormat(4, 32), 70, 50, hasZeroPoints: true);
        var weights = BlockProductWeights.Pack(arena, layout, new byte[50 * 48], new float[150], new byte[100]);
        using var x = new GuardedBuffer<float>(5 * 70);
        using var y = new GuardedBuffer<float>(5 * 50);
        using var workspace = new GuardedBuffer<byte>(BlockQuantizedProduct.WorkspaceBytes(layout, 5, 1));
        var parallel = new SerialParallel();
        Assert.Equal(0, AllocatedBy(() => BlockQuantizedProduct.Apply(x.Pointer, 5, weights, null, y.Pointer, workspace.Pointer, parallel)));
    }

    [Fact]
    public void The_samplers_helpers_allocate_nothing()
    {
        var row = new float[1000];
        Assert.Equal(0, AllocatedBy(() =>
        {
            Logits.ArgMax(row);
            Logits.LogSumExp(row);
        }));
    }

    private static long AllocatedBy(Action action)
    {
        action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

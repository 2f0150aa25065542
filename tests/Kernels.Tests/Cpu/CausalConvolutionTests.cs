using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class CausalConvolutionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(40)]
    public void Every_number_of_taps_equals_the_reference(int taps)
    {
        foreach (var rank in new[] { 1, 7, 16, 24 })
        {
            using var batch = new BottleneckCase(
                40, 40, [BottleneckMaker.Convolution(1, 40, rank, taps), BottleneckMaker.Convolution(2, 40, rank, 3, WeightType.Bit)], [0, 0, 0, 1, 1, -1, 0, 0, 0, 0, 0, 0, 0, 0]);
            batch.AssertCloseToReference(batch.RunInSteps(6, 14));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(9)]
    public void The_steps_in_which_a_sequence_comes_change_no_bit(int taps)
    {
        using var batch = new BottleneckCase(48, 48, [BottleneckMaker.Convolution(1, 48, 20, taps)], new int[14]);
        var whole = batch.Run();
        Assert.Equal(whole, batch.RunInSteps(5, 11, 14));
        Assert.Equal(whole, batch.RunInSteps([.. Enumerable.Range(1, 14)]));
        Assert.Equal(whole, batch.RunInSteps(13, 14));
        Assert.NotEqual(whole[(13 * 48)..], batch.RunRowAlone(13));
    }

    [Fact]
    public void Threads_change_no_bit()
    {
        var parallel = new ThreadParallel(3);
        using var batch = new BottleneckCase(272, 272, [BottleneckMaker.Convolution(1, 272, 40, 6)], new int[200]);
        Assert.Equal(batch.Run(), batch.Run(parallel));
        Assert.NotEqual(0, parallel.Calls);
    }

    [Fact]
    public unsafe void Sequences_that_share_an_adapter_do_not_see_each_other()
    {
        using var arena = new WeightArena();
        var weights = BottleneckWeights.Pack(arena, 32, 32, BottleneckMaker.Convolution(1, 32, 8, 5));
        var x = RandomData.Floats(1, 7 * 32);
        var together = Run([(0, 3), (3, 4), (4, 7)], x);
        Assert.Equal(Run([(0, 3)], x[..(3 * 32)]), together[..(3 * 32)]);
        Assert.Equal(Run([(0, 1)], x[(3 * 32)..(4 * 32)]), together[(3 * 32)..(4 * 32)]);
        Assert.Equal(Run([(0, 3)], x[(4 * 32)..]), together[(4 * 32)..]);

        float[] Run((int Start, int End)[] sequences, float[] normed)
        {
            var states = Array.ConvertAll(sequences, _ => new GuardedBuffer<byte>(arena.StateBytes));
            using var input = new GuardedBuffer<float>(normed);
            using var y = new GuardedBuffer<float>(normed.Length);
            BottleneckSegment[] segments = [new(0, normed.Length / 32, weights, 0, sequences.Length)];
            using var workspace = new GuardedBuffer<byte>(Bottleneck.WorkspaceBytes(segments));
            var operands = new BottleneckOperands { Normed = input.Pointer, Y = y.Pointer, InFeatures = 32, OutFeatures = 32 };
            var rows = sequences.Zip(states, (sequence, state) => new SequenceRows(sequence.Start, sequence.End, state.Pointer)).ToArray();
            Bottleneck.Add(operands, segments, rows, workspace.Pointer, new SerialParallel());
            return y.Span.ToArray();
        }
    }

    [Fact]
    public unsafe void Rows_without_their_sequences_are_refused()
    {
        using var arena = new WeightArena();
        var weights = BottleneckWeights.Pack(arena, 4, 4, BottleneckMaker.Convolution(1, 4, 2, 3));
        var memory = stackalloc float[16];
        var workspace = stackalloc byte[3000];
        var operands = new BottleneckOperands { X = memory, Normed = memory, Y = memory + 8, InFeatures = 4, OutFeatures = 4 };
        Refuses("Bottleneck: row end of the segment's sequences must be 2, got 0.", new BottleneckSegment(0, 2, weights), []);
        Refuses("Bottleneck: row end of the segment's sequences must be 2, got 1.", new BottleneckSegment(0, 2, weights, 0, 1), [new SequenceRows(0, 1, (byte*)memory)]);
        Refuses("Bottleneck: a sequence has no state.", new BottleneckSegment(0, 2, weights, 0, 1), [new SequenceRows(0, 2, null)]);
        Refuses("Bottleneck: end of the segment's sequences must be in [0, 2), got 2.", new BottleneckSegment(0, 2, weights, 1, 1), [new SequenceRows(0, 2, (byte*)memory)]);

        void Refuses(string message, BottleneckSegment segment, SequenceRows[] sequences) => Assert.Equal(
            message, Assert.Throws<ArgumentException>(() => Bottleneck.Add(operands, [segment], sequences, workspace, new SerialParallel())).Message);
    }
}

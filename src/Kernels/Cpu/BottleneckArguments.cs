using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>The checks of <see cref="Bottleneck.Add"/>, before anything is written.</summary>
internal static unsafe class BottleneckArguments
{
    private const string Name = "Bottleneck";

    public static void Require(in BottleneckSegment segment, in BottleneckOperands operands, SequenceRows* sequences, int sequenceCount)
    {
        var weights = segment.Weights;
        Shape.RequireRange(Name, "row start", 0, int.MaxValue, segment.RowStart);
        Shape.RequireRange(Name, "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
        Shape.Require(Name, "out features of the weights", operands.OutFeatures, weights.OutFeatures);
        if (weights.Input != BottleneckInput.Output)
        {
            Shape.Require(Name, "in features of the weights", operands.InFeatures, weights.InFeatures);
        }

        var reads = weights.Input switch
        {
            BottleneckInput.Normed => operands.Normed,
            BottleneckInput.Output => operands.Y,
            _ => operands.X,
        };
        if (reads is null && segment.RowEnd > segment.RowStart)
        {
            throw new ArgumentException($"{Name}: the weights read {weights.Input}, which the site does not offer.");
        }

        if (weights.HasState)
        {
            RequireSequences(segment, sequences, sequenceCount);
        }
    }

    private static void RequireSequences(in BottleneckSegment segment, SequenceRows* sequences, int sequenceCount)
    {
        Shape.RequireRange(Name, "end of the segment's sequences", 0, sequenceCount + 1L, (long)segment.FirstSequence + segment.Sequences);
        var row = segment.RowStart;
        for (var i = segment.FirstSequence; i < segment.FirstSequence + segment.Sequences; i++)
        {
            Shape.Require(Name, "row start of a sequence", row, sequences[i].RowStart);
            row = sequences[i].RowEnd;
            if (sequences[i].State is null)
            {
                throw new ArgumentException($"{Name}: a sequence has no state.");
            }
        }

        Shape.Require(Name, "row end of the segment's sequences", segment.RowEnd, row);
    }
}

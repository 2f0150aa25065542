using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// A segment as the tasks of <see cref="BottleneckCall"/> see it: plain memory, with its place in the sequence of work of each phase.
/// </summary>
internal unsafe struct BottleneckWork
{
    public const int Phases = 5;

    public int RowStart;
    public int Rows;
    public int Rank;
    public int InOffset;
    public int InWidth;
    public int OutOffset;
    public int OutWidth;
    public int FirstSequence;
    public int Sequences;
    public BottleneckInput Input;
    public WeightType Type;
    public Activation Activation;
    public float Scale;
    public bool HasLastColumn;
    public bool AfterNormsOutput;
    public PackedMatrix Down;
    public PackedMatrix Up;
    public float* DownBias;
    public float* ChannelScale;
    public PackedNorm Before;
    public PackedNorm After;
    public PackedConvolution Convolution;

    /// <summary>The rows that are multiplied with D, in an operand or in the scratch, each InWidth padded to sixteen.</summary>
    public float* H;
    public nint HStride;
    public BottleneckScratch Scratch;

    public fixed int Units[Phases];
    public fixed long UnitCost[Phases];
    public fixed long Start[Phases];

    public BottleneckWork(in BottleneckSegment segment)
    {
        var weights = segment.Weights;
        (RowStart, Rows, FirstSequence, Sequences) = (segment.RowStart, segment.RowEnd - segment.RowStart, segment.FirstSequence, segment.Sequences);
        (Rank, InOffset, InWidth, OutOffset, OutWidth) = (weights.Rank, weights.InOffset, weights.InWidth, weights.OutOffset, weights.OutWidth);
        (Input, Type, Activation, Scale) = (weights.Input, weights.Type, weights.Activation, weights.Scale);
        (HasLastColumn, AfterNormsOutput) = (weights.HasLastColumn, weights.AfterNormsOutput);
        (Down, Up, Before, After, Convolution) = (weights.Down, weights.Up, weights.Before, weights.After, weights.Convolution);
        DownBias = weights.DownBias;
        ChannelScale = weights.ChannelScale;
    }

    /// <summary>Terms of a sum of Up.</summary>
    public readonly int UpDepth => HasLastColumn ? Rank + 1 : Rank;
}

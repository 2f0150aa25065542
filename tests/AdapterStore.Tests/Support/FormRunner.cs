using System.Runtime.InteropServices;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>What a form does to one row, by the kernel that serves it.</summary>
internal static unsafe class FormRunner
{
    private const int WorkspaceBytes = 1 << 16;

    /// <summary>What the form adds.</summary>
    public static float[] Run(FormWeights form, float[] x)
    {
        var y = new float[form.OutFeatures];
        Apply(form, x, y);
        return y;
    }

    public static void Apply(FormWeights form, float[] x, float[] y)
    {
        var workspace = NativeMemory.AlignedAlloc(WorkspaceBytes, 64);
        fixed (float* input = x, output = y)
        {
            switch (form)
            {
                case LowRankWeights lowRank:
                    Assert.InRange(LowRank.WorkspaceBytes(1, 1, lowRank.Rank, lowRank.InFeatures), 0, WorkspaceBytes);
                    var reads = lowRank.Form == FormKind.OutputLowRank ? output : input;
                    LowRank.Add(reads, lowRank.InFeatures, output, y.Length, [new LowRankSegment(0, 1, lowRank)], workspace, new SerialParallel());
                    break;
                case InputRotationWeights rotation:
                    InputRotation.Apply(input, x.Length, [new InputRotationSegment(0, 1, rotation)], workspace, new SerialParallel());
                    break;
                case OutputRotationWeights rotation:
                    OutputRotation.Apply(output, y.Length, [new OutputRotationSegment(0, 1, rotation)], workspace, new SerialParallel());
                    break;
                case DenseWeights dense:
                    Dense.Apply(input, x.Length, output, y.Length, [new DenseSegment(0, 1, dense)], workspace, new SerialParallel());
                    break;
                case SparseWeights sparse:
                    Sparse.Add(input, x.Length, output, y.Length, [new SparseSegment(0, 1, sparse)], workspace, new SerialParallel());
                    break;
                case RmsNormWeights norm:
                    RmsNorm.Apply(input, output, y.Length, [new RmsNormSegment(0, 1, norm)], workspace, new SerialParallel());
                    break;
                case AttentionPromptWeights prompt:
                    AttentionPrompt.Add(new RotaryQueries { Query = input }, output, [new AttentionPromptSegment(0, 1, prompt)], workspace, new SerialParallel());
                    break;
                case VectorWeights { Form: FormKind.OutputBias } bias:
                    ChannelBias.Add(output, y.Length, [new VectorSegment(0, 1, bias)], workspace, new SerialParallel());
                    break;
                case VectorWeights scale:
                    ChannelScale.Apply(scale.Form == FormKind.InputScale ? input : output, scale.Width, [new VectorSegment(0, 1, scale)], workspace, new SerialParallel());
                    break;
                case BottleneckWeights bottleneck:
                    var operands = new BottleneckOperands { X = input, Normed = input, Y = output, InFeatures = x.Length, OutFeatures = y.Length };
                    BottleneckSegment[] segments = [new BottleneckSegment(0, 1, bottleneck)];
                    Assert.InRange(Bottleneck.WorkspaceBytes(segments), 0, WorkspaceBytes);
                    Bottleneck.Add(operands, segments, [], workspace, new SerialParallel());
                    break;
                case MixtureWeights mixture:
                    var rows = new BottleneckOperands { X = input, Y = output, InFeatures = x.Length, OutFeatures = y.Length };
                    MixtureSegment[] mixtures = [new MixtureSegment(0, 1, mixture)];
                    Assert.InRange(Mixture.WorkspaceBytes(mixtures), 0, WorkspaceBytes);
                    Mixture.Apply(rows, mixtures, workspace, new SerialParallel());
                    break;
                default:
                    throw new InvalidOperationException("No kernel.");
            }
        }

        NativeMemory.AlignedFree(workspace);
    }
}

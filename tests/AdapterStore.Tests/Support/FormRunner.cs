using System.Runtime.InteropServices;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>What a form adds to one row, by the kernel that serves it.</summary>
internal static unsafe class FormRunner
{
    public static float[] Run(FormWeights form, float[] x)
    {
        var y = new float[form.OutFeatures];
        var bytes = form is LowRankWeights low ? LowRank.WorkspaceBytes(1, 1, low.Rank, low.InFeatures) : Dense.WorkspaceBytes(1);
        var workspace = NativeMemory.AlignedAlloc((nuint)bytes + 64, 64);
        fixed (float* input = x, output = y)
        {
            switch (form)
            {
                case LowRankWeights lowRank:
                    LowRank.Add(input, x.Length, output, y.Length, [new LowRankSegment(0, 1, lowRank)], workspace, new SerialParallel());
                    break;
                case DenseWeights dense:
                    Dense.Apply(input, x.Length, output, y.Length, [new DenseSegment(0, 1, dense)], workspace, new SerialParallel());
                    break;
                default:
                    throw new InvalidOperationException("No kernel.");
            }
        }

        NativeMemory.AlignedFree(workspace);
        return y;
    }
}

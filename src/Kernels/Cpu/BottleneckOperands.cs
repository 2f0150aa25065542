namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The rows that bottlenecks read and write. <b>Shapes</b>: X and Normed [T, InFeatures], Y [T, OutFeatures], row-major f32, any alignment; X and
/// Normed may be null where no
/// bottleneck reads them.
/// </summary>
public unsafe struct BottleneckOperands
{
    public float* X { get; set; }

    public float* Normed { get; set; }

    public float* Y { get; set; }

    public int InFeatures { get; set; }

    public int OutFeatures { get; set; }
}

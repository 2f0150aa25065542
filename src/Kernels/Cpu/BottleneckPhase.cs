namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The passes of <see cref="BottleneckCall"/>; each needs the one before it to be done for the rows that it takes, a convolution for the rows before
/// them too.
/// </summary>
internal enum BottleneckPhase
{
    /// <summary>h of a row is gathered, added, normed; its sum for weights of bits.</summary>
    Prepare,

    /// <summary>d = D h + bias.</summary>
    Shrink,

    /// <summary>a = scale * f(conv(d)).</summary>
    Activate,

    /// <summary>U a, into y or, where something follows, aside.</summary>
    Expand,

    /// <summary>Scale by channel, norm, sum.</summary>
    Finish,
}

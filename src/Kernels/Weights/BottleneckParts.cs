namespace AdapterServe.Kernels.Weights;

/// <summary>
/// What <see cref="BottleneckWeights"/> is packed from:
/// v = scale * channelScale o (U f(conv(D before(h[inOffset..]) + d)) + u), then y[outOffset..] += after(v).
/// <b>Shapes</b>: Down [R, in width], DownBias [R], Up [out width, R], UpBias and ChannelScale [out width].
/// </summary>
public sealed class BottleneckParts
{
    public BottleneckInput Input { get; init; }

    /// <summary>The first channel of h that is read; Down says how many.</summary>
    public int InOffset { get; init; }

    public LayerNormParts? Before { get; init; }

    public required MatrixParts Down { get; init; }

    public float[]? DownBias { get; init; }

    public ConvolutionParts? Convolution { get; init; }

    public Activation Activation { get; init; }

    public required MatrixParts Up { get; init; }

    public float[]? UpBias { get; init; }

    public float Scale { get; init; } = 1;

    public float[]? ChannelScale { get; init; }

    public LayerNormParts? After { get; init; }

    /// <summary>Whether After norms what y becomes, y = after(y + v), not only what is added to it.</summary>
    public bool AfterNormsOutput { get; init; }

    /// <summary>The first channel of y that is written; Up says how many.</summary>
    public int OutOffset { get; init; }
}

/// <summary>w (x - mean) / sqrt(variance + epsilon) + b over the last dimension. <b>Shapes</b>: w, b [width].</summary>
public sealed record LayerNormParts(float[] Weight, float[] Bias, float Epsilon);

/// <summary>
/// Depth-wise over the tokens of one sequence, looking back only: out_t[c] = bias[c] + sum_j weight[c, j] in_{t - (taps - 1) + j}[c], zeros before
/// the first token.
/// <b>Shapes</b>: weight [channels, taps], bias [channels].
/// </summary>
public sealed record ConvolutionParts(float[] Weight, float[] Bias, int Taps);

namespace AdapterServe.Kernels.Weights;

/// <summary>What a bottleneck reads, of what a site offers.</summary>
public enum BottleneckInput
{
    /// <summary>The site's input x; behind a sublayer the residual stream that entered it.</summary>
    Input,

    /// <summary>The site's output as the forms before this one left it.</summary>
    Output,

    /// <summary>Input + Output.</summary>
    Sum,

    /// <summary>Behind a sublayer only: the normed x.</summary>
    Normed,
}

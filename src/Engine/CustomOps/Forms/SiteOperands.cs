using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>
/// What a site gives its forms. <b>Shapes</b>: X [rows, H], Y [rows, O], row-major; a form changes Y in place, a form of the input X.
/// </summary>
internal unsafe struct SiteOperands
{
    /// <summary>The site's input; behind a sublayer the residual stream that entered it; null at the embedding.</summary>
    public float* X;

    /// <summary>At the embedding the rows' token ids, each below the size of its adapter's vocabulary; null elsewhere.</summary>
    public long* Ids;

    /// <summary>The base's output; null before the base op.</summary>
    public float* Y;

    /// <summary>Behind a sublayer the normed X, [rows, H]; null elsewhere.</summary>
    public float* Normed;

    /// <summary>Behind attention the layer's queries; empty elsewhere.</summary>
    public RotaryQueries Queries;
}

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>The output of a layer's norm and the chain of the linears that read it, see <see cref="CustomOps.SiteInputOp"/>.</summary>
/// <param name="residual">What the norm reads: the residual stream.</param>
/// <param name="name">The norm's output.</param>
internal sealed class SharedInput(string residual, string name)
{
    public string Residual => residual;

    /// <summary>The norm's output behind the linears so far.</summary>
    public string End { get; set; } = name;

    /// <summary>The output of the last linear so far.</summary>
    public string? LastReader { get; set; }
}

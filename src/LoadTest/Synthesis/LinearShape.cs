namespace AdapterServe.LoadTest.Synthesis;

/// <param name="Path">The module's path in its layer, or in the model.</param>
/// <param name="Out">Outputs.</param>
/// <param name="In">Inputs.</param>
internal sealed record LinearShape(string Path, int Out, int In)
{
    /// <summary><c>q_proj</c> of <c>self_attn.q_proj</c>.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..];
}

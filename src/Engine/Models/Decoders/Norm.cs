using AdapterServe.AdapterStore.Models;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>A norm of the model, or of each head of one.</summary>
/// <param name="Path">Its module path.</param>
/// <param name="Kind">What it computes.</param>
/// <param name="Size">Elements that it normalises together.</param>
internal sealed record Norm(string Path, NormKind Kind, int Size)
{
    public string Weight => Path + ".weight";

    /// <summary>Only a <see cref="NormKind.Layer"/> has one.</summary>
    public string? Bias => Kind == NormKind.Layer ? Path + ".bias" : null;
}

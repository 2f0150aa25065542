namespace AdapterServe.AdapterStore.Models;

/// <summary>
/// A place in the base model where an adapter acts.
/// </summary>
/// <param name="Index">Position in <see cref="BaseModel.Sites"/>.</param>
/// <param name="Path">The base model's own module path, e.g. <c>model.layers.3.self_attn.q_proj</c>.</param>
/// <param name="Kind">What stands there.</param>
/// <param name="InFeatures">Width of the input; rows of the vocabulary for an embedding; the norm's width for a norm.</param>
/// <param name="OutFeatures">Width of the output; rows of the vocabulary for a head.</param>
public sealed record Site(int Index, string Path, SiteKind Kind, int InFeatures, int OutFeatures)
{
    /// <summary>The fused linear of whose output this site's is a part; null for all others.</summary>
    public Site? Whole { get; init; }

    /// <summary>Where in the fused linear's output this site's begins.</summary>
    public int FirstRow { get; init; }

    /// <summary>Rows of the base's weight as it is stored: an embedding's ids, a linear's or head's outputs, one of a norm.</summary>
    public int WeightRows => Kind switch { SiteKind.Embedding => InFeatures, SiteKind.Norm => 1, _ => OutFeatures };

    /// <summary>Elements of such a row.</summary>
    public int WeightColumns => Kind == SiteKind.Embedding ? OutFeatures : InFeatures;

    internal Site WithAddedTokens(int count) => Kind switch
    {
        SiteKind.Embedding => this with { InFeatures = InFeatures + count },
        SiteKind.Head => this with { OutFeatures = OutFeatures + count },
        _ => this,
    };
}

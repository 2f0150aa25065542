namespace AdapterServe.AdapterStore.Models;

/// <summary>
/// A place in the base model where an adapter acts.
/// </summary>
/// <param name="Index">Position in <see cref="BaseModel.Sites"/>.</param>
/// <param name="Path">The base model's own module path, e.g. <c>model.layers.3.self_attn.q_proj</c>.</param>
/// <param name="Kind">What stands there.</param>
/// <param name="InFeatures">Width of the input; rows of the vocabulary for an embedding; the norm's width for a norm.</param>
/// <param name="OutFeatures">Width of the output; rows of the vocabulary for a head.</param>
public sealed record Site(int Index, string Path, SiteKind Kind, int InFeatures, int OutFeatures);

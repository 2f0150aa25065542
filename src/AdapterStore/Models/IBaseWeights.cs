namespace AdapterServe.AdapterStore.Models;

/// <summary>
/// The weights of the base model, for adapter kinds whose file means something only together with them.
/// <b>Effects</b>: safe for any thread; reads the base's files, holds nothing.
/// </summary>
public interface IBaseWeights
{
    /// <summary>
    /// <b>Semantics</b>: the weight of a linear or of the head, as f32.
    /// <b>Shapes</b>: destination [O, H], row-major.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for a site without a weight matrix or another length; <see cref="IOException"/> and its kin where a file can't be read.
    /// </summary>
    void Read(Site site, Span<float> destination);

    /// <summary>
    /// <b>Semantics</b>: the bias of a linear; false, with the destination left alone, where the base has none. <b>Shapes</b>: destination [O].
    /// <b>Errors</b>: as for <see cref="Read"/>.
    /// </summary>
    bool TryReadBias(Site site, Span<float> destination);

    /// <summary>What the base's norms add to the mean square.</summary>
    float NormEpsilon { get; }
}

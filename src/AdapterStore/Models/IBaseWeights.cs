namespace AdapterServe.AdapterStore.Models;

/// <summary>
/// The weights of the base model, for adapter kinds whose file means something only together with them.
/// <b>Effects</b>: safe for any thread; reads the base's files, holds nothing.
/// </summary>
public interface IBaseWeights
{
    /// <summary>
    /// <b>Semantics</b>: a site's weight as f32; of a head that is tied to the embedding, the embedding's.
    /// <b>Shapes</b>: destination [<see cref="Site.WeightRows"/>, <see cref="Site.WeightColumns"/>], row-major.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for a site without a weight or another length; <see cref="IOException"/> and its kin where a file can't be read.
    /// </summary>
    void Read(Site site, Span<float> destination);

    /// <summary>
    /// <b>Semantics</b>: the rows of that weight from <paramref name="firstRow"/> on. <b>Shapes</b>: destination [any number of rows, <see cref="Site.WeightColumns"/>].
    /// <b>Errors</b>: as for <see cref="Read"/>, and for rows that are not there.
    /// </summary>
    void ReadRows(Site site, int firstRow, Span<float> destination);

    /// <summary>
    /// <b>Semantics</b>: the bias of a linear; false, with the destination left alone, where the base has none. <b>Shapes</b>: destination [O].
    /// <b>Errors</b>: as for <see cref="Read"/>.
    /// </summary>
    bool TryReadBias(Site site, Span<float> destination);

    /// <summary>What the base's norms add to the mean square.</summary>
    float NormEpsilon { get; }

    /// <summary>What they compute. Of norms that multiply by 1 + w, <see cref="Read"/> gives 1 + w.</summary>
    NormKind NormKind { get; }
}

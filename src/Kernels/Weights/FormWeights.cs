namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The weights of one form of one adapter at one site, laid out as the form's kernel reads them.
/// <b>Layout</b>: memory belongs to the <see cref="WeightArena"/> that it was packed into and lives as long as that.
/// </summary>
public abstract class FormWeights(FormKind form, int inFeatures, int outFeatures, long bytes)
{
    public FormKind Form { get; } = form;

    public int InFeatures { get; } = inFeatures;

    public int OutFeatures { get; } = outFeatures;

    /// <summary>Bytes held in the arena; 0 for weights that point into those of others.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>Where the form's part of what each sequence keeps for the adapter ends, in bytes; 0 for a form that keeps nothing.</summary>
    public virtual long StateEnd => 0;

    /// <summary>Whether the form sets the output from the site's input alone, in place of the base's; terms of other adapters may be added behind it.</summary>
    public virtual bool Replaces => false;

    /// <summary>Of a form that replaces: y = keep y + factor f(x) in place of y = f(x), over the same memory; null where there is no such form.</summary>
    public virtual FormWeights? Mixed(float keep, float factor) => null;

    /// <summary>
    /// The same term times a factor, over the same memory, for sums of several adapters; null for a form that is no term added to the output,
    /// whose multiple would be another function.
    /// </summary>
    public virtual FormWeights? Scaled(float factor) => null;
}

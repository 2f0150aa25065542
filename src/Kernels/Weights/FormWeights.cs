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

    /// <summary>Bytes held in the arena.</summary>
    public long Bytes { get; } = bytes;
}

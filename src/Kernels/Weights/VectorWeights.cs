namespace AdapterServe.Kernels.Weights;

/// <summary>
/// One number for each channel: the s of <see cref="FormKind.InputScale"/>, the g of <see cref="FormKind.OutputScale"/>, the c of <see cref="FormKind.OutputBias"/>,
/// which is added times the scale.
/// <b>Shapes</b>: [Width]; Width is H for an input's form, O for an output's. <b>Layout</b>: f32, zero-padded to sixteen.
/// </summary>
public sealed unsafe class VectorWeights : FormWeights
{
    private VectorWeights(FormKind form, int inFeatures, int outFeatures, int width, float scale, float* values, long bytes)
        : base(form, inFeatures, outFeatures, bytes)
    {
        Width = width;
        Scale = scale;
        Values = values;
    }

    public int Width { get; }

    /// <summary>1 but for what <see cref="Scaled"/> gives.</summary>
    public float Scale { get; }

    internal float* Values { get; }

    /// <summary>The values as they were packed.</summary>
    public float[] Unpack() => new ReadOnlySpan<float>(Values, Width).ToArray();

    public static VectorWeights Pack(WeightArena arena, FormKind form, int inFeatures, int outFeatures, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        var width = form switch
        {
            FormKind.InputScale => inFeatures,
            FormKind.OutputScale or FormKind.OutputBias => outFeatures,
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, "The form is not made of one number for each channel."),
        };
        Shape.Require(form.ToString(), "values", width, values.Length);
        var bytes = (long)Packing.RoundUp(width) * sizeof(float);
        var memory = (float*)arena.Allocate(bytes);
        values.CopyTo(new Span<float>(memory, width));
        return new VectorWeights(form, inFeatures, outFeatures, width, 1, memory, bytes);
    }

    public override VectorWeights? Scaled(float factor) =>
        Form == FormKind.OutputBias ? new VectorWeights(Form, InFeatures, OutFeatures, Width, Scale * factor, Values, bytes: 0) : null;
}

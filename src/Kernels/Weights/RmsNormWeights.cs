namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The weight of a norm without centring, or what is added to it, times the scale. <b>Shapes</b>: [Width]. <b>Layout</b>: f32, zero-padded to sixteen.
/// </summary>
public sealed unsafe class RmsNormWeights : FormWeights
{
    private RmsNormWeights(int width, float epsilon, bool isAdded, float scale, float* values, long bytes)
        : base(FormKind.RmsNorm, width, width, bytes)
    {
        Epsilon = epsilon;
        IsAdded = isAdded;
        Scale = scale;
        Values = values;
    }

    public float Epsilon { get; }

    /// <summary>Whether w x / rms(x) is added to what the norm gave; else it takes its place.</summary>
    public bool IsAdded { get; }

    /// <summary>1 but for what <see cref="Scaled"/> gives.</summary>
    public float Scale { get; }

    internal float* Values { get; }

    /// <summary>The values as they were packed.</summary>
    public float[] Unpack() => new ReadOnlySpan<float>(Values, OutFeatures).ToArray();

    public static RmsNormWeights Pack(WeightArena arena, float epsilon, ReadOnlySpan<float> values, bool isAdded = false)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, 1);
        var bytes = (long)Packing.RoundUp(values.Length) * sizeof(float);
        var memory = (float*)arena.Allocate(bytes);
        values.CopyTo(new Span<float>(memory, values.Length));
        return new RmsNormWeights(values.Length, epsilon, isAdded, 1, memory, bytes);
    }

    public override bool Replaces => !IsAdded;

    public override RmsNormWeights? Scaled(float factor) => IsAdded ? new RmsNormWeights(OutFeatures, Epsilon, IsAdded, Scale * factor, Values, bytes: 0) : null;
}

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The pairs of y = R y: within each group of outputs, one of the first half and the one as far into the second half.
/// <b>Shapes</b>: own and other [O], O a multiple of the group, the group even. <b>Layout</b>: f32, zero-padded to sixteen.
/// </summary>
public sealed unsafe class OutputRotationWeights : FormWeights
{
    private OutputRotationWeights(int inFeatures, int outFeatures, int group, float* own, float* other, long bytes)
        : base(FormKind.OutputRotation, inFeatures, outFeatures, bytes)
    {
        Group = group;
        Own = own;
        Other = other;
    }

    public int Group { get; }

    internal float* Own { get; }

    internal float* Other { get; }

    /// <param name="arena">Owns the memory.</param>
    /// <param name="inFeatures">The site's H.</param>
    /// <param name="outFeatures">The site's O.</param>
    /// <param name="group">Outputs of a group.</param>
    /// <param name="own">What each output is multiplied with.</param>
    /// <param name="other">What the other of its pair is multiplied with before it is added.</param>
    public static OutputRotationWeights Pack(WeightArena arena, int inFeatures, int outFeatures, int group, ReadOnlySpan<float> own, ReadOnlySpan<float> other)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        Shape.RequireRange("OutputRotation", "group", 2, outFeatures + 1L, group);
        Shape.Require("OutputRotation", "group % 2", 0, group % 2);
        Shape.Require("OutputRotation", "out features % group", 0, outFeatures % group);
        Shape.Require("OutputRotation", "own", outFeatures, own.Length);
        Shape.Require("OutputRotation", "other", outFeatures, other.Length);
        var bytes = (long)Packing.RoundUp(outFeatures) * sizeof(float);
        var memory = (float*)arena.Allocate(2 * bytes);
        var second = memory + Packing.RoundUp(outFeatures);
        own.CopyTo(new Span<float>(memory, outFeatures));
        other.CopyTo(new Span<float>(second, outFeatures));
        return new OutputRotationWeights(inFeatures, outFeatures, group, memory, second, 2 * bytes);
    }
}

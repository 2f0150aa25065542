namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A full matrix: y = W x or y = keep * y + scale * W x.
/// <b>Shapes</b>: W [O, H], any O, H &gt;= 1. <b>Layout</b>: [O / 64 panels][H][64 lanes], O zero-padded to sixteen.
/// </summary>
public sealed unsafe class DenseWeights : FormWeights
{
    private DenseWeights(int inFeatures, int outFeatures, DenseMode mode, float keep, float scale, WeightType type, void* w, long bytes)
        : base(FormKind.Dense, inFeatures, outFeatures, bytes)
    {
        Mode = mode;
        Keep = keep;
        Scale = scale;
        Type = type;
        W = w;
    }

    public DenseMode Mode { get; }

    /// <summary>1 but for what <see cref="Mixed"/> gives; not used where the matrix replaces.</summary>
    public float Keep { get; }

    /// <summary>1 but for what <see cref="Scaled"/> and <see cref="Mixed"/> give.</summary>
    public float Scale { get; }

    public WeightType Type { get; }

    internal void* W { get; }

    /// <summary>Packs an f32 matrix; <see cref="WeightType.BF16"/> rounds it to nearest.</summary>
    public static DenseWeights Pack(WeightArena arena, int inFeatures, int outFeatures, ReadOnlySpan<float> w, DenseMode mode, WeightType type)
    {
        var weights = Allocate(arena, inFeatures, outFeatures, w.Length, mode, type);
        if (type == WeightType.F32)
        {
            Packing.Panel<float, float, Keep<float>>(w, outFeatures, inFeatures, (float*)weights.W);
        }
        else
        {
            Packing.Panel<float, ushort, ToBF16>(w, outFeatures, inFeatures, (ushort*)weights.W);
        }

        return weights;
    }

    /// <summary>Packs a bf16 matrix without loss, as bf16 or widened to f32.</summary>
    public static DenseWeights Pack(WeightArena arena, int inFeatures, int outFeatures, ReadOnlySpan<ushort> w, DenseMode mode, WeightType type)
    {
        var weights = Allocate(arena, inFeatures, outFeatures, w.Length, mode, type);
        if (type == WeightType.BF16)
        {
            Packing.Panel<ushort, ushort, Keep<ushort>>(w, outFeatures, inFeatures, (ushort*)weights.W);
        }
        else
        {
            Packing.Panel<ushort, float, FromBF16>(w, outFeatures, inFeatures, (float*)weights.W);
        }

        return weights;
    }

    /// <summary>A view of f32 panels that somebody else owns.</summary>
    internal static DenseWeights Over(float* w, int inFeatures, int outFeatures, DenseMode mode) =>
        new(inFeatures, outFeatures, mode, 1, 1, WeightType.F32, w, bytes: 0);

    public override bool Replaces => Mode == DenseMode.Replace;

    public override DenseWeights? Mixed(float keep, float factor) =>
        Mode == DenseMode.Replace ? new DenseWeights(InFeatures, OutFeatures, DenseMode.Add, keep, factor, Type, W, bytes: 0) : null;

    public override DenseWeights? Scaled(float factor) =>
        Mode == DenseMode.Add ? new DenseWeights(InFeatures, OutFeatures, Mode, Keep, Scale * factor, Type, W, bytes: 0) : null;

    /// <summary>W [O, H] as it was packed; bf16 is widened.</summary>
    public float[] Unpack()
    {
        var w = new float[checked(OutFeatures * InFeatures)];
        if (Type == WeightType.F32)
        {
            Packing.FromPanel<float, float, Keep<float>>((float*)W, OutFeatures, InFeatures, w);
        }
        else
        {
            Packing.FromPanel<ushort, float, FromBF16>((ushort*)W, OutFeatures, InFeatures, w);
        }

        return w;
    }

    private static DenseWeights Allocate(WeightArena arena, int inFeatures, int outFeatures, int length, DenseMode mode, WeightType type)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        Shape.Require("Dense", "W", (long)outFeatures * inFeatures, length);
        var bytes = Packing.PanelElements(outFeatures, inFeatures) * type.ElementBytes();
        return new DenseWeights(inFeatures, outFeatures, mode, 1, 1, type, arena.Allocate(bytes), bytes);
    }
}

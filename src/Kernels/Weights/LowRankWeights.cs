namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The two factors of y += B (scale * (A x)), of y += B (scale * w * (A x)) with a gate, or as <see cref="FormKind.OutputLowRank"/> of y += B (scale * (A y)), where H = O.
/// <b>Shapes</b>: A [R, H], B [O, R], any R, H, O &gt;= 1.
/// <b>Layout</b>: A as [R / 16 groups][H / 16][ranks of the group][16 lanes], H zero-padded; B as [O / 64 panels][R][64 lanes], O zero-padded to sixteen.
/// The file's values are held as they are: scale multiplies the R values A x, not the stored B, which bf16 would round.
/// </summary>
public sealed unsafe class LowRankWeights : FormWeights
{
    private LowRankWeights(FormKind form, int rank, int inFeatures, int outFeatures, float scale, RankGate gate, WeightType type, void* a, void* b, long bytes)
        : base(form, inFeatures, outFeatures, bytes)
    {
        Rank = rank;
        Scale = scale;
        Gate = gate;
        Type = type;
        A = a;
        B = b;
    }

    public int Rank { get; }

    public float Scale { get; }

    public RankGate Gate { get; }

    public WeightType Type { get; }

    internal void* A { get; }

    internal void* B { get; }

    /// <summary>Packs f32 factors; <see cref="WeightType.BF16"/> rounds them to nearest.</summary>
    public static LowRankWeights Pack(
        WeightArena arena, int rank, int inFeatures, int outFeatures, ReadOnlySpan<float> a, ReadOnlySpan<float> b, float scale, WeightType type,
        FormKind form = FormKind.LowRank, RankGate gate = default)
    {
        var weights = Allocate(arena, form, rank, inFeatures, outFeatures, a.Length, b.Length, scale, gate, type);
        if (type == WeightType.F32)
        {
            Packing.Dot<float, float, Keep<float>>(a, rank, inFeatures, (float*)weights.A);
            Packing.Panel<float, float, Keep<float>>(b, outFeatures, rank, (float*)weights.B);
        }
        else
        {
            Packing.Dot<float, ushort, ToBF16>(a, rank, inFeatures, (ushort*)weights.A);
            Packing.Panel<float, ushort, ToBF16>(b, outFeatures, rank, (ushort*)weights.B);
        }

        return weights;
    }

    /// <summary>Packs bf16 factors without loss, as bf16 or widened to f32.</summary>
    public static LowRankWeights Pack(
        WeightArena arena, int rank, int inFeatures, int outFeatures, ReadOnlySpan<ushort> a, ReadOnlySpan<ushort> b, float scale, WeightType type,
        FormKind form = FormKind.LowRank, RankGate gate = default)
    {
        var weights = Allocate(arena, form, rank, inFeatures, outFeatures, a.Length, b.Length, scale, gate, type);
        if (type == WeightType.BF16)
        {
            Packing.Dot<ushort, ushort, Keep<ushort>>(a, rank, inFeatures, (ushort*)weights.A);
            Packing.Panel<ushort, ushort, Keep<ushort>>(b, outFeatures, rank, (ushort*)weights.B);
        }
        else
        {
            Packing.Dot<ushort, float, FromBF16>(a, rank, inFeatures, (float*)weights.A);
            Packing.Panel<ushort, float, FromBF16>(b, outFeatures, rank, (float*)weights.B);
        }

        return weights;
    }

    /// <summary>Whether it is y += M x with one matrix M for every row.</summary>
    public bool IsProduct => Form == FormKind.LowRank && Gate.IsOpen;

    /// <summary>Null for what reads the output, which a sum's other terms change.</summary>
    public override LowRankWeights? Scaled(float factor) =>
        Form == FormKind.LowRank ? new(Form, Rank, InFeatures, OutFeatures, Scale * factor, Gate, Type, A, B, bytes: 0) : null;

    /// <summary>The factor A [R, H] as it was packed; bf16 is widened.</summary>
    public float[] UnpackA()
    {
        var a = new float[checked(Rank * InFeatures)];
        if (Type == WeightType.F32)
        {
            Packing.FromDot<float, float, Keep<float>>((float*)A, Rank, InFeatures, a);
        }
        else
        {
            Packing.FromDot<ushort, float, FromBF16>((ushort*)A, Rank, InFeatures, a);
        }

        return a;
    }

    /// <summary>The factor B [O, R] as it was packed, without the scale; bf16 is widened.</summary>
    public float[] UnpackB()
    {
        var b = new float[checked(OutFeatures * Rank)];
        if (Type == WeightType.F32)
        {
            Packing.FromPanel<float, float, Keep<float>>((float*)B, OutFeatures, Rank, b);
        }
        else
        {
            Packing.FromPanel<ushort, float, FromBF16>((ushort*)B, OutFeatures, Rank, b);
        }

        return b;
    }

    private static LowRankWeights Allocate(
        WeightArena arena, FormKind form, int rank, int inFeatures, int outFeatures, int aLength, int bLength, float scale, RankGate gate, WeightType type)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        Shape.Require("LowRank", "A", (long)rank * inFeatures, aLength);
        Shape.Require("LowRank", "B", (long)outFeatures * rank, bLength);
        if (form == FormKind.OutputLowRank)
        {
            Shape.Require("OutputLowRank", "in features", outFeatures, inFeatures);
        }

        if (!gate.IsOpen)
        {
            Shape.RequireRange("LowRank", "rank behind a gate", 1, RankGate.MaxRank + 1, rank);
            Shape.RequireRange("LowRank", "kept ranks", 1, rank + 1, gate.Kept);
        }

        var size = type.ElementBytes();
        var aBytes = Packing.DotElements(rank, inFeatures) * size;
        var bBytes = Packing.PanelElements(outFeatures, rank) * size;
        return new LowRankWeights(form, rank, inFeatures, outFeatures, scale, gate, type, arena.Allocate(aBytes), arena.Allocate(bBytes), aBytes + bBytes);
    }
}

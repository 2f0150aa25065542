namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The two factors of y += B (scale * (A x)), of y += B (scale * w * (A x)) with a gate, or as <see cref="FormKind.OutputLowRank"/> of y += B (scale * (A y)), where H = O.
/// <b>Shapes</b>: A [R, H], B [O, R], any R, H, O &gt;= 1.
/// <b>Layout</b>: A as [R / 16 groups][H / 16][ranks of the group][16 lanes], H zero-padded; B as [O / 64 panels][R][64 lanes], O zero-padded to sixteen.
/// Packed values are held as they are: scale multiplies the R values A x, not the stored B, which bf16 would round. <see cref="LowRankRounding"/>
/// makes smaller ones, whose elements are
/// whole numbers or signs times a number for each rank.
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
        ExactType = type;
        A = a;
        B = b;
    }

    public int Rank { get; }

    public float Scale { get; }

    public RankGate Gate { get; }

    public WeightType Type { get; }

    internal void* A { get; }

    internal void* B { get; }

    /// <summary>What A's ranks are multiplied with, [R]; null: nothing.</summary>
    internal float* AScales { get; private init; }

    /// <summary>What B's ranks are multiplied with, behind a gate where there is one, [R]; null: nothing.</summary>
    internal float* BScales { get; private init; }

    /// <summary>The type that rounded factors had before, else <see cref="Type"/>.</summary>
    public WeightType ExactType { get; private init; }

    /// <summary>Of rounded factors, |B' A' - B A| over |B A| of what was rounded, estimated; null for factors as they came.</summary>
    public double? HeldError { get; internal set; }

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
        Form == FormKind.LowRank ? Copy(Scale * factor, Gate) : null;

    /// <summary>Bytes that factors of a type take in an arena.</summary>
    public static long BytesAs(WeightType type, int rank, int inFeatures, int outFeatures) =>
        WeightArena.Padded(type.BytesOf(Packing.DotElements(rank, inFeatures)))
        + WeightArena.Padded(type.BytesOf(Packing.PanelElements(outFeatures, rank)))
        + (type is WeightType.Int8 or WeightType.Bit ? 2 * WeightArena.Padded(rank * sizeof(float)) : 0);

    /// <summary>The same product with every rank at full weight, over the same memory.</summary>
    internal LowRankWeights Ungated() => Copy(1, default);

    /// <summary>See <see cref="LowRankRounding.Round"/>.</summary>
    internal LowRankWeights Rounded(WeightType type, WeightArena arena)
    {
        var a = arena.Allocate(type.BytesOf(Packing.DotElements(Rank, InFeatures)));
        var b = arena.Allocate(type.BytesOf(Packing.PanelElements(OutFeatures, Rank)));
        var scales = type is WeightType.Int8 or WeightType.Bit ? Rank : 0;
        var (aScales, bScales) = scales > 0 ? ((nint)Packing.Vector(arena, new float[Rank]), (nint)Packing.Vector(arena, new float[Rank])) : default;
        var (ofA, ofB) = (RankRounding.RanksOfDot(Rank, InFeatures), RankRounding.RanksOfPanel(OutFeatures, Rank));
        RankRounding.Round(A, Type, ofA, InFeatures, a, type, new Span<float>((float*)aScales, scales));
        RankRounding.Round(B, Type, ofB, OutFeatures, b, type, new Span<float>((float*)bScales, scales));
        return new(Form, Rank, InFeatures, OutFeatures, Scale, Gate, type, a, b, BytesAs(type, Rank, InFeatures, OutFeatures))
        {
            AScales = (float*)aScales, BScales = (float*)bScales, ExactType = Type,
        };
    }

    /// <summary>The factor A [R, H] as it is held, in f32.</summary>
    public float[] UnpackA()
    {
        var a = new float[checked(Rank * InFeatures)];
        switch (Type)
        {
            case WeightType.F32:
                Packing.FromDot<float, float, Keep<float>>((float*)A, Rank, InFeatures, a);
                break;
            case WeightType.BF16:
                Packing.FromDot<ushort, float, FromBF16>((ushort*)A, Rank, InFeatures, a);
                break;
            default:
                fixed (float* codes = RankRounding.Codes(A, Packing.DotElements(Rank, InFeatures), Type))
                {
                    Packing.FromDot<float, float, Keep<float>>(codes, Rank, InFeatures, a);
                }

                break;
        }

        for (var i = 0; AScales != null && i < a.Length; i++)
        {
            a[i] *= AScales[i / InFeatures];
        }

        return a;
    }

    /// <summary>The factor B [O, R] as it is held, without the scale, in f32.</summary>
    public float[] UnpackB()
    {
        var b = new float[checked(OutFeatures * Rank)];
        switch (Type)
        {
            case WeightType.F32:
                Packing.FromPanel<float, float, Keep<float>>((float*)B, OutFeatures, Rank, b);
                break;
            case WeightType.BF16:
                Packing.FromPanel<ushort, float, FromBF16>((ushort*)B, OutFeatures, Rank, b);
                break;
            default:
                fixed (float* codes = RankRounding.Codes(B, Packing.PanelElements(OutFeatures, Rank), Type))
                {
                    Packing.FromPanel<float, float, Keep<float>>(codes, OutFeatures, Rank, b);
                }

                break;
        }

        for (var i = 0; BScales != null && i < b.Length; i++)
        {
            b[i] *= BScales[i % Rank];
        }

        return b;
    }

    /// <summary>Another scale and gate over the same memory.</summary>
    private LowRankWeights Copy(float scale, RankGate gate) =>
        new(Form, Rank, InFeatures, OutFeatures, scale, gate, Type, A, B, bytes: 0)
        {
            AScales = AScales, BScales = BScales, ExactType = ExactType, HeldError = HeldError,
        };

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

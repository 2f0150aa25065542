using System.Runtime.Intrinsics;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Rewrites packed factors in fewer bits, with one scale for each rank r: to the nearest of -127 ... 127 times |w_r|max / 127 (even ones among
/// equals), or to plus and minus the mean |w_r|.
/// <b>Layout</b>: sixteen lanes belong to one rank in both layouts; <c>ranks</c> names it for each sixteen.
/// </summary>
internal static unsafe class RankRounding
{
    private const int Lanes = Packing.Lanes;
    private const float LargestCode = 127;

    /// <summary>The ranks of <see cref="Packing.Dot"/>.</summary>
    public static int[] RanksOfDot(int rank, int columns)
    {
        var ranks = new int[Packing.DotElements(rank, columns) / Lanes];
        var at = 0;
        for (var group = 0; group < rank; group += Packing.RankGroup)
        {
            var count = Math.Min(Packing.RankGroup, rank - group);
            for (var i = 0; i < Packing.RoundUp(columns) / Lanes * count; i++)
            {
                ranks[at++] = group + (i % count);
            }
        }

        return ranks;
    }

    /// <summary>The ranks of <see cref="Packing.Panel"/>.</summary>
    public static int[] RanksOfPanel(int rows, int rank)
    {
        var ranks = new int[Packing.PanelElements(rows, rank) / Lanes];
        var at = 0;
        for (var panel = 0; panel < rows; panel += Packing.PanelWidth)
        {
            var wide = Packing.WidthAt(panel, rows) / Lanes;
            for (var i = 0; i < rank * wide; i++)
            {
                ranks[at++] = i / wide;
            }
        }

        return ranks;
    }

    /// <summary>Rounds as a type says. <b>Shapes</b>: source [16 ranks.Length] of its type, target the same of the other, scales [R].</summary>
    /// <param name="source">Packed f32 or bf16.</param>
    /// <param name="sourceType">Which of them.</param>
    /// <param name="ranks">See above.</param>
    /// <param name="length">Elements of a rank, padding left out.</param>
    /// <param name="target">Where to.</param>
    /// <param name="type">What to.</param>
    /// <param name="scales">Set where the type has scales, else untouched.</param>
    public static void Round(void* source, WeightType sourceType, int[] ranks, int length, void* target, WeightType type, Span<float> scales)
    {
        switch (type)
        {
            case WeightType.F32 or WeightType.BF16 when type == sourceType:
                var bytes = type.BytesOf((long)ranks.Length * Lanes);
                Buffer.MemoryCopy(source, target, bytes, bytes);
                break;
            case WeightType.BF16:
                BF16.FromSingle(new ReadOnlySpan<float>(source, ranks.Length * Lanes), new Span<ushort>(target, ranks.Length * Lanes));
                break;
            case WeightType.Int8:
                Scale(source, sourceType, ranks, scales, isMean: false, LargestCode);
                ToInt8(source, sourceType, ranks, (sbyte*)target, scales);
                break;
            default:
                Scale(source, sourceType, ranks, scales, isMean: true, length);
                ToSigns(source, sourceType, ranks.Length, (ushort*)target);
                break;
        }
    }

    /// <summary>Elements without their scales, in the same layout.</summary>
    public static float[] Codes(void* source, long elements, WeightType type)
    {
        var codes = new float[elements];
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = type == WeightType.Int8 ? ((sbyte*)source)[i] : ((((ushort*)source)[i / Lanes] >> (i % Lanes)) & 1) != 0 ? 1 : -1;
        }

        return codes;
    }

    /// <summary>Each rank's mean or largest magnitude, over a divisor.</summary>
    private static void Scale(void* source, WeightType type, int[] ranks, Span<float> scales, bool isMean, float divisor)
    {
        var sums = new Vector512<float>[scales.Length];
        for (var i = 0; i < ranks.Length; i++)
        {
            ref var sum = ref sums[ranks[i]];
            var magnitude = Vector512.Abs(Load(source, type, i));
            sum = isMean ? sum + magnitude : Vector512.Max(sum, magnitude);
        }

        for (var rank = 0; rank < scales.Length; rank++)
        {
            var total = 0f;
            for (var lane = 0; lane < Lanes; lane++)
            {
                total = isMean ? total + sums[rank].GetElement(lane) : Math.Max(total, sums[rank].GetElement(lane));
            }

            scales[rank] = total / divisor;
        }
    }

    private static void ToInt8(void* source, WeightType type, int[] ranks, sbyte* target, Span<float> scales)
    {
        for (var i = 0; i < ranks.Length; i++, target += Lanes)
        {
            var scale = scales[ranks[i]];
            if (scale == 0)
            {
                continue;
            }

            var codes = Vector512.Round(Load(source, type, i) / Vector512.Create(scale), MidpointRounding.ToEven);
            var limited = Vector512.Min(Vector512.Max(codes, Vector512.Create(-LargestCode)), Vector512.Create(LargestCode));
            var whole = Vector512.ConvertToInt32(limited);
            var halves = Vector256.Narrow(whole.GetLower(), whole.GetUpper());
            Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store(target);
        }
    }

    private static void ToSigns(void* source, WeightType type, int count, ushort* target)
    {
        for (var i = 0; i < count; i++)
        {
            target[i] = (ushort)~Vector512.ExtractMostSignificantBits(Load(source, type, i));
        }
    }

    private static Vector512<float> Load(void* source, WeightType type, int index)
    {
        if (type == WeightType.F32)
        {
            return Vector512.Load((float*)source + ((nint)index * Lanes));
        }

        var (low, high) = Vector256.Widen(Vector256.Load((ushort*)source + ((nint)index * Lanes)));
        return (Vector512.Create(low, high) << 16).AsSingle();
    }
}

using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Rounds f32 rows to small integers, with the default zero point.
/// <b>Semantics</b>: of a block x, code = round(x / d) to even, clamped, for a few widths d around the one that maps the value of largest magnitude to the
/// lowest code; each d is followed by the scale s that makes Σ |x| (x - s code)² least, and the best pair stays. 8 bits have one d. A block below 1e-30 becomes
/// zeros.
/// <b>Shapes</b>: rows [R, columns]; codes and scales as <see cref="BlockFormat"/> lays R rows out; padding is zero.
/// <b>Units, dtype, layout</b>: the same bits on every instruction set.
/// <b>Effects</b>: no allocation.
/// <b>Errors</b>: false, with the results undefined, where a value is not finite; <see cref="ArgumentException"/> for other lengths.
/// <b>Source</b>: ours; the weighing by magnitude after llama.cpp's quantisers, whose importance is x².
/// </summary>
public static unsafe class BlockQuantizer
{
    private const int Lanes = 16;
    private const float Least = 1e-30f;

    /// <summary>1.5 * 2^23: adding it rounds a smaller float to an integer, to even.</summary>
    private const float Rounding = 12_582_912;

    /// <summary>How far the widths go on either side, in steps of 1/<see cref="StepsPerCode"/> of a code.</summary>
    private const int Steps = 4;
    private const float StepsPerCode = 4;

    public static bool TryQuantize(BlockFormat format, int columns, ReadOnlySpan<float> rows, Span<byte> codes, Span<float> scales)
    {
        var count = rows.Length / columns;
        Shape.Require(nameof(BlockQuantizer), "rows' length", (long)count * columns, rows.Length);
        Shape.Require(nameof(BlockQuantizer), "codes' length", count * format.RowBytes(columns), codes.Length);
        Shape.Require(nameof(BlockQuantizer), "scales' length", (long)count * format.Blocks(columns), scales.Length);
        fixed (float* source = rows, scale = scales)
        fixed (byte* code = codes)
        {
            return SimdSupport.Path switch
            {
                SimdPath.Avx512 => Rows<Lanes512>(format, columns, count, source, code, scale),
                SimdPath.Avx2 => Rows<Lanes256>(format, columns, count, source, code, scale),
                SimdPath.Vector128 => Rows<Lanes128>(format, columns, count, source, code, scale),
                _ => Rows<LanesScalar>(format, columns, count, source, code, scale),
            };
        }
    }

    private static bool Rows<TLanes>(BlockFormat format, int columns, int rows, float* source, byte* codes, float* scales)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var block = stackalloc float[BlockFormat.MostWeights];
        for (var row = 0; row < rows; row++, source += columns)
        {
            for (var column = 0; column < columns; column += format.BlockSize, codes += format.BlockBytes)
            {
                var values = Math.Min(format.BlockSize, columns - column);
                new Span<float>(block, format.BlockSize).Clear();
                new ReadOnlySpan<float>(source + column, values).CopyTo(new Span<float>(block, values));
                if (!Block<TLanes>(format, block, codes, out *scales++))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool Block<TLanes>(BlockFormat format, float* x, byte* codes, out float scale)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var (lowest, highest, isFinite) = Extremes<TLanes>(x, format.BlockSize);
        var extreme = -lowest > highest ? lowest : highest;
        var inverse = 0f;
        scale = 0;
        if (MathF.Abs(extreme) >= Least)
        {
            (inverse, scale) = Search<TLanes>(format, x, extreme);
        }

        Encode<TLanes>(format, x, inverse, codes);
        return isFinite;
    }

    /// <summary>x - x is zero for finite numbers alone.</summary>
    private static (float Lowest, float Highest, bool IsFinite) Extremes<TLanes>(float* x, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes highest = TLanes.Zero, negated = TLanes.Zero, differences = TLanes.Zero;
        for (var i = 0; i < count; i += Lanes)
        {
            var value = TLanes.Load(x + i);
            highest = TLanes.Max(value, highest);
            negated = TLanes.Max(TLanes.Subtract(TLanes.Zero, value), negated);
            differences = TLanes.Add(differences, TLanes.Subtract(value, value));
        }

        return (-TLanes.Largest(negated), TLanes.Largest(highest), TLanes.Sum(differences) == 0);
    }

    private static (float Inverse, float Scale) Search<TLanes>(BlockFormat format, float* x, float extreme)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var steps = format.Bits == 4 ? Steps : 0;
        var (best, bestInverse, bestScale) = (-1f, 0f, 0f);
        var unit = 1 / MathF.Abs(extreme); // Sums of third powers must not leave the range of a float.
        for (var step = -steps; step <= steps; step++)
        {
            var inverse = -(format.DefaultZero + (step / StepsPerCode)) / extreme;
            var (products, squares) = Fit<TLanes>(format, x, inverse, unit);
            var gain = products * products / squares;
            if (gain > best)
            {
                (best, bestInverse, bestScale) = (gain, inverse, products / squares / unit);
            }
        }

        return (bestInverse, bestScale);
    }

    /// <summary>Σ |x| x q and Σ |x| q², with x in units of the block's extreme.</summary>
    private static (float Products, float Squares) Fit<TLanes>(BlockFormat format, float* x, float inverse, float unit)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes products = TLanes.Zero, squares = TLanes.Zero, units = TLanes.Broadcast(unit);
        for (var i = 0; i < format.BlockSize; i += Lanes)
        {
            var raw = TLanes.Load(x + i);
            var value = TLanes.Multiply(raw, units);
            var code = Round(format, raw, inverse);
            var weighed = TLanes.Multiply(TLanes.Max(value, TLanes.Subtract(TLanes.Zero, value)), code);
            products = TLanes.Add(products, TLanes.Multiply(weighed, value));
            squares = TLanes.Add(squares, TLanes.Multiply(weighed, code));
        }

        return (TLanes.Sum(products), TLanes.Sum(squares));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Round<TLanes>(BlockFormat format, TLanes x, float inverse)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var rounding = TLanes.Broadcast(Rounding);
        var rounded = TLanes.Subtract(TLanes.Add(TLanes.Multiply(x, TLanes.Broadcast(inverse)), rounding), rounding);
        return TLanes.Max(TLanes.Min(rounded, TLanes.Broadcast(format.DefaultZero - 1)), TLanes.Broadcast(-format.DefaultZero));
    }

    private static void Encode<TLanes>(BlockFormat format, float* x, float inverse, byte* codes)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var values = stackalloc float[Lanes];
        for (var i = 0; i < format.BlockSize; i += Lanes)
        {
            TLanes.Store(TLanes.Add(Round(format, TLanes.Load(x + i), inverse), TLanes.Broadcast(format.DefaultZero)), values);
            for (var lane = 0; lane < Lanes; lane++)
            {
                if (format.Bits == 8)
                {
                    *codes++ = (byte)values[lane];
                }
                else if ((lane & 1) == 1)
                {
                    *codes++ = (byte)((int)values[lane - 1] | ((int)values[lane] << 4));
                }
            }
        }
    }
}

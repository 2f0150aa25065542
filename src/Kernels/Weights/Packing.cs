using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Weights;

/// <summary>Copies row-major matrices into the two blocked layouts that the kernels read; padding is what the destination held (zero).</summary>
internal static unsafe class Packing
{
    public const int Lanes = 16;

    /// <summary>Outputs that one pass over x computes: the weights that it reads stand one after another.</summary>
    public const int PanelWidth = 64;

    /// <summary>Ranks that share one pass over x.</summary>
    public const int RankGroup = 16;

    public static long DotElements(int rows, int columns) => (long)rows * RoundUp(columns);

    public static long PanelElements(int rows, int columns) => (long)RoundUp(rows) * columns;

    public static int RoundUp(int value) => checked(value + Lanes - 1) & -Lanes;

    /// <summary>A vector, zero-padded to sixteen.</summary>
    public static float* Vector(WeightArena arena, ReadOnlySpan<float> values)
    {
        var memory = (float*)arena.Allocate((long)RoundUp(values.Length) * sizeof(float));
        values.CopyTo(new Span<float>(memory, values.Length));
        return memory;
    }

    /// <summary>[rows, columns] to [rows / 16 groups][columns / 16][rows of the group][16 lanes].</summary>
    public static void Dot<TFrom, TTo, TConvert>(ReadOnlySpan<TFrom> source, int rows, int columns, TTo* destination)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        fixed (TFrom* first = source)
        {
            for (var group = 0; group < rows; group += RankGroup)
            {
                var count = Math.Min(RankGroup, rows - group);
                var target = destination + ((nint)group * RoundUp(columns));
                for (var row = 0; row < count; row++)
                {
                    DotRow<TFrom, TTo, TConvert>(first + ((nint)(group + row) * columns), columns, target + (row * Lanes), count * Lanes);
                }
            }
        }
    }

    /// <summary>How many lanes the panel has that starts at <paramref name="row"/>: 64, fewer in the last one.</summary>
    public static int WidthAt(int row, int rows) => Math.Min(PanelWidth, RoundUp(rows) - row);

    /// <summary>[rows, columns] to [rows / 64 panels][columns][64 lanes]; the last panel has as many lanes as its rows need, in sixteens.</summary>
    public static void Panel<TFrom, TTo, TConvert>(ReadOnlySpan<TFrom> source, int rows, int columns, TTo* destination)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        fixed (TFrom* first = source)
        {
            for (var block = 0; block < rows; block += Lanes)
            {
                var from = first + ((nint)block * columns);
                var panel = block / PanelWidth * PanelWidth;
                var width = WidthAt(panel, rows);
                var target = destination + ((nint)panel * columns) + (block - panel);
                if (rows - block >= Lanes)
                {
                    PanelBlock<TFrom, TTo, TConvert>(from, columns, target, width);
                }
                else
                {
                    PanelTail<TFrom, TTo, TConvert>(from, rows - block, columns, target, width);
                }
            }
        }
    }

    /// <summary>The inverse of <see cref="Dot"/>.</summary>
    public static void FromDot<TFrom, TTo, TConvert>(TFrom* source, int rows, int columns, Span<TTo> destination)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        for (var row = 0; row < rows; row++)
        {
            var group = row / RankGroup * RankGroup;
            var count = Math.Min(RankGroup, rows - group);
            var from = source + ((nint)group * RoundUp(columns)) + ((row - group) * Lanes);
            var to = destination.Slice(row * columns, columns);
            for (var column = 0; column < columns; column++)
            {
                to[column] = TConvert.Convert(from[((nint)column / Lanes * count * Lanes) + (column % Lanes)]);
            }
        }
    }

    /// <summary>The inverse of <see cref="Panel"/>.</summary>
    public static void FromPanel<TFrom, TTo, TConvert>(TFrom* source, int rows, int columns, Span<TTo> destination)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        for (var row = 0; row < rows; row++)
        {
            var panel = row / PanelWidth * PanelWidth;
            var width = WidthAt(panel, rows);
            var from = source + ((nint)panel * columns) + (row - panel);
            var to = destination.Slice(row * columns, columns);
            for (var column = 0; column < columns; column++, from += width)
            {
                to[column] = TConvert.Convert(*from);
            }
        }
    }

    private static void DotRow<TFrom, TTo, TConvert>(TFrom* source, int columns, TTo* target, int step)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        var column = 0;
        for (; column + Lanes <= columns; column += Lanes, target += step)
        {
            if (typeof(TFrom) == typeof(TTo))
            {
                Unsafe.CopyBlockUnaligned(target, source + column, (uint)(Lanes * sizeof(TTo)));
                continue;
            }

            for (var lane = 0; lane < Lanes; lane++)
            {
                target[lane] = TConvert.Convert(source[column + lane]);
            }
        }

        for (var lane = 0; column + lane < columns; lane++)
        {
            target[lane] = TConvert.Convert(source[column + lane]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PanelBlock<TFrom, TTo, TConvert>(TFrom* source, nint columns, TTo* target, nint width)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        for (nint column = 0; column < columns; column++, target += width, source++)
        {
            var from = source;
            for (var lane = 0; lane < Lanes; lane += 4, from += 4 * columns)
            {
                target[lane] = TConvert.Convert(from[0]);
                target[lane + 1] = TConvert.Convert(from[columns]);
                target[lane + 2] = TConvert.Convert(from[2 * columns]);
                target[lane + 3] = TConvert.Convert(from[3 * columns]);
            }
        }
    }

    private static void PanelTail<TFrom, TTo, TConvert>(TFrom* source, int rows, nint columns, TTo* target, nint width)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConvert : IConvert<TFrom, TTo>
    {
        for (nint column = 0; column < columns; column++)
        {
            for (var lane = 0; lane < rows; lane++)
            {
                target[(column * width) + lane] = TConvert.Convert(source[(lane * columns) + column]);
            }
        }
    }
}

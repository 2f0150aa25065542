using System.Globalization;
using System.Numerics;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Numbers as Python's format characters write them.</summary>
internal static class NumberText
{
    public const int MaxDigits = 100;

    /// <summary>Digits without a sign, for <c>d b o x X</c>.</summary>
    public static string Integer(long value, char type, bool withPrefix)
    {
        UInt128 size = value < 0 ? (UInt128)(-(Int128)value) : (UInt128)value;
        (string prefix, string digits) = type switch
        {
            'b' => ("0b", size.ToString("B", CultureInfo.InvariantCulture)),
            'o' => ("0o", Octal(size)),
            'x' => ("0x", size.ToString("x", CultureInfo.InvariantCulture)),
            'X' => ("0X", size.ToString("X", CultureInfo.InvariantCulture)),
            _ => ("", size.ToString(CultureInfo.InvariantCulture)),
        };
        return withPrefix ? prefix + digits : digits;
    }

    /// <summary>Without a sign, for <c>e E f F g G %</c>.</summary>
    public static string Float(double value, char type, int precision)
    {
        double size = Math.Abs(value);
        if (precision > MaxDigits)
        {
            throw new TemplateError($"a number is asked for with more than {MaxDigits} digits");
        }

        if (!double.IsFinite(size))
        {
            return (double.IsNaN(size) ? "nan" : "inf") + (type == '%' ? "%" : "");
        }

        return type switch
        {
            'e' => Exponential(size, precision),
            'E' => Exponential(size, precision).ToUpperInvariant(),
            'g' => General(size, precision),
            'G' => General(size, precision).ToUpperInvariant(),
            '%' => Fixed(size * 100, precision) + "%",
            _ => Fixed(size, precision),
        };
    }

    /// <summary>Rounded to so many decimals, ties to even.</summary>
    public static string Fixed(double size, int decimals)
    {
        // The framework rounds ties up.
        double scale = Math.Pow(10, decimals);
        double rounded = IsTie(size, decimals) ? Math.Round(size * scale, MidpointRounding.ToEven) / scale : size;
        return rounded.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    // Half way between two decimals is an odd number of the first binary place behind them.
    private static bool IsTie(double size, int decimals)
    {
        long bits = BitConverter.DoubleToInt64Bits(size);
        long mantissa = (bits & ((1L << 52) - 1)) | (1L << 52);
        int exponent = (int)((bits >> 52) & 0x7FF) - 1075;
        return size > 0 && exponent + BitOperations.TrailingZeroCount(mantissa) == -(decimals + 1);
    }

    private static string Exponential(double size, int precision)
    {
        string[] parts = size.ToString("E" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Split('E');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{parts[0]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    private static string General(double size, int precision)
    {
        int digits = Math.Max(precision, 1);
        string exponential = Exponential(size, digits - 1);
        int split = exponential.IndexOf('e', StringComparison.Ordinal);
        int exponent = int.Parse(exponential.AsSpan(split + 1), CultureInfo.InvariantCulture);
        return exponent >= -4 && exponent < digits
            ? WithoutZeros(Fixed(size, digits - 1 - exponent))
            : WithoutZeros(exponential[..split]) + exponential[split..];
    }

    private static string WithoutZeros(string number) => number.Contains('.', StringComparison.Ordinal) ? number.TrimEnd('0').TrimEnd('.') : number;

    private static string Octal(UInt128 value)
    {
        string digits = "";
        for (; value > 0 || digits.Length == 0; value >>= 3)
        {
            digits = (int)(value & 7) + digits;
        }

        return digits;
    }
}

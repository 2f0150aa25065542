using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>
/// Unicode normalization forms C, D, KC and KD. Ours, because the framework leaves text as it is in invariant globalization mode,
/// which the server runs in so that it needs no ICU library.
/// <b>Source</b>: Unicode Standard Annex 15 and section 3.12 (Hangul); tables derived from UnicodeData.txt.
/// </summary>
internal sealed class UnicodeNormalization
{
    private static readonly Lazy<UnicodeNormalization> LazyShared = new(Load);

    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatible = [];
    private readonly Dictionary<long, int> _composites = [];
    private readonly Dictionary<int, byte> _classes = [];

    private UnicodeNormalization()
    {
    }

    public static UnicodeNormalization Shared => LazyShared.Value;

    public string Normalize(string text, NormalizationForm form)
    {
        // Nothing below U+00A0 changes in any form.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u009F'))
        {
            return text;
        }

        bool compatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        List<int> points = Decompose(text, compatible);
        Reorder(points);
        if (form is NormalizationForm.FormC or NormalizationForm.FormKC)
        {
            Compose(points);
        }

        return ToText(points);
    }

    private List<int> Decompose(string text, bool compatible)
    {
        var points = new List<int>(text.Length + 8);
        for (int i = 0; i < text.Length; i++)
        {
            int point = text[i];
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                point = char.ConvertToUtf32(text[i], text[++i]);
            }

            if (Hangul.IsSyllable(point))
            {
                Hangul.Decompose(point, points);
            }
            else if ((compatible && _compatible.TryGetValue(point, out int[]? parts)) || _canonical.TryGetValue(point, out parts))
            {
                points.AddRange(parts);
            }
            else
            {
                points.Add(point);
            }
        }

        return points;
    }

    private void Reorder(List<int> points)
    {
        for (int i = 0; i < points.Count; i++)
        {
            int from = i;
            bool ordered = true;
            for (byte previous = 0; i < points.Count && Class(points[i]) is var current and > 0; i++, previous = current)
            {
                ordered &= current >= previous;
            }

            if (!ordered)
            {
                // OrderBy is stable, as the canonical order must be.
                int[] sorted = [.. points[from..i].OrderBy(Class)];
                for (int k = 0; k < sorted.Length; k++)
                {
                    points[from + k] = sorted[k];
                }
            }
        }
    }

    private void Compose(List<int> points)
    {
        int starter = -1;
        int lastClass = 0;
        int kept = 0;
        for (int i = 0; i < points.Count; i++)
        {
            int point = points[i];
            int pointClass = Class(point);
            bool blocked = kept - 1 != starter && (lastClass == 0 || lastClass >= pointClass);
            if (starter >= 0 && !blocked && TryCompose(points[starter], point, out int composite))
            {
                points[starter] = composite;
                continue;
            }

            if (pointClass == 0)
            {
                starter = kept;
            }

            lastClass = pointClass;
            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private bool TryCompose(int first, int second, out int composite) =>
        Hangul.TryCompose(first, second, out composite) || _composites.TryGetValue(Pair(first, second), out composite);

    private byte Class(int point) => point < 0x300 ? (byte)0 : _classes.GetValueOrDefault(point);

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private static string ToText(List<int> points)
    {
        var result = new StringBuilder(points.Count);
        foreach (int point in points)
        {
            if (point < 0x10000)
            {
                result.Append((char)point);
            }
            else
            {
                result.Append(char.ConvertFromUtf32(point));
            }
        }

        return result.ToString();
    }

    private static UnicodeNormalization Load()
    {
        var tables = new UnicodeNormalization();
        using Stream stream = typeof(UnicodeNormalization).Assembly.GetManifestResourceStream("UnicodeNormalization.txt")
            ?? throw new InvalidOperationException("The normalization tables are not part of the assembly.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            tables.ReadLine(line.Split(' '));
        }

        return tables;
    }

    private void ReadLine(string[] fields)
    {
        switch (fields[0])
        {
            case "D":
                _canonical.Add(Hex(fields[1]), [.. fields[2..].Select(Hex)]);
                break;
            case "K":
                _compatible.Add(Hex(fields[1]), [.. fields[2..].Select(Hex)]);
                break;
            case "C":
                _composites.Add(Pair(Hex(fields[1]), Hex(fields[2])), Hex(fields[3]));
                break;
            case "M":
                for (int point = Hex(fields[2]); point <= Hex(fields[3]); point++)
                {
                    _classes.Add(point, byte.Parse(fields[1], CultureInfo.InvariantCulture));
                }

                break;
            default:
                break;
        }
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

using System.Collections.Immutable;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>A set of code points as ascending, disjoint, non-adjacent ranges, both ends included.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;

    private CodePointSet(ImmutableArray<(int First, int Last)> ranges) => Ranges = ranges;

    public static CodePointSet Empty { get; } = new([]);

    public static CodePointSet All { get; } = Range(0, Last);

    public ImmutableArray<(int First, int Last)> Ranges { get; }

    public static CodePointSet Range(int first, int last) => new([(first, last)]);

    public static CodePointSet Of(params ReadOnlySpan<int> points)
    {
        var ranges = new List<(int, int)>();
        foreach (int point in points)
        {
            ranges.Add((point, point));
        }

        return OfRanges(ranges);
    }

    /// <summary>From ranges in any order, which may overlap.</summary>
    public static CodePointSet OfRanges(IEnumerable<(int First, int Last)> ranges)
    {
        var merged = ImmutableArray.CreateBuilder<(int First, int Last)>();
        foreach ((int first, int last) in ranges.Order())
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }

        return new CodePointSet(merged.ToImmutable());
    }

    public CodePointSet Union(CodePointSet other) => OfRanges(Ranges.Concat(other.Ranges));

    public CodePointSet Complement()
    {
        var gaps = ImmutableArray.CreateBuilder<(int, int)>(Ranges.Length + 1);
        int next = 0;
        foreach ((int first, int last) in Ranges)
        {
            if (first > next)
            {
                gaps.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return new CodePointSet(gaps.ToImmutable());
    }

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    public bool Contains(int point)
    {
        int low = 0;
        int high = Ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            (int first, int last) = Ranges[middle];
            if (point >= first && point <= last)
            {
                return true;
            }

            (low, high) = point < first ? (low, middle - 1) : (middle + 1, high);
        }

        return false;
    }

    /// <summary>With the other cases of each letter in it, by simple mappings.</summary>
    public CodePointSet WithOtherCases()
    {
        CodePointSet uppers = OfRanges(CasePairs.All.Where(pair => Contains(pair.Lower) || Contains(pair.Upper)).Select(pair => (pair.Upper, pair.Upper)));
        return OfRanges([.. Ranges, .. uppers.Ranges, .. CasePairs.All.Where(pair => uppers.Contains(pair.Upper)).Select(pair => (pair.Lower, pair.Lower))]);
    }

    /// <summary>Letters and the letter that they become in the other case; several letters may share one.</summary>
    private static class CasePairs
    {
        public static (int Lower, int Upper)[] All { get; } = [.. Enumerable.Range(0, 0x1E944)
            .Where(Rune.IsValid)
            .Select(point => new Rune(point))
            .SelectMany(rune => new[] { (rune.Value, Rune.ToUpperInvariant(rune).Value), (Rune.ToLowerInvariant(rune).Value, rune.Value) })
            .Where(pair => pair.Item1 != pair.Item2)
            .Concat(Compatible)
            .Distinct()];

        /// <summary>The long s, and the signs that are letters: the framework's mappings leave them alone.</summary>
        private static IEnumerable<(int, int)> Compatible => [(0x17F, 'S'), ('k', 0x212A), (0xE5, 0x212B), (0x3C9, 0x2126)];
    }
}

using System.Collections.Frozen;
using System.Globalization;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>
/// Sets of code points by the names that expressions use: general categories, scripts, and the POSIX classes in their Unicode meaning.
/// <b>Source</b>: Unicode Standard Annexes 24 and 44; Unicode Technical Standard 18, annex C.
/// </summary>
internal static class UnicodeProperties
{
    private static readonly string[] CategoryNames =
        ["LU", "LL", "LT", "LM", "LO", "MN", "MC", "ME", "ND", "NL", "NO", "ZS", "ZL", "ZP", "CC", "CF", "CS", "CO", "PC", "PD", "PS", "PE", "PI", "PF", "PO", "SM", "SC", "SK", "SO", "CN"];

    private static readonly string[] PosixNames =
        ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "space", "upper", "word", "xdigit"];

    private static readonly Lazy<FrozenDictionary<string, CodePointSet>> LazySets = new(Load);

    /// <summary>What <c>\w</c> and <c>\b</c> take for words outside of classes: Oniguruma counts the numbers of Latin-1 that are no digits as well.</summary>
    public static CodePointSet Word => LazySets.Value["WORD"].Union(CodePointSet.Of(0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE));

    public static CodePointSet Space => LazySets.Value["SPACE"];

    /// <summary>The set of that name, or null. Case, spaces, hyphens and underscores do not count.</summary>
    public static CodePointSet? Find(string name) => LazySets.Value.GetValueOrDefault(
        name.Replace("_", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant());

    /// <summary>The set of a POSIX name such as <c>[:alpha:]</c>, where punctuation has symbols too.</summary>
    public static CodePointSet? FindPosix(string name) =>
        name == "punct" ? LazySets.Value["P"].Union(LazySets.Value["S"]) : PosixNames.Contains(name) ? Find(name) : null;

    /// <summary>The script of each range of code points, in order.</summary>
    public static IEnumerable<(string Name, CodePointSet Points)> Scripts() => ReadFile().Where(property => property.Name is not ("ALPHABETIC" or "UPPERCASE" or "LOWERCASE"));

    private static FrozenDictionary<string, CodePointSet> Load()
    {
        Dictionary<string, CodePointSet> sets = ReadFile().ToDictionary(property => property.Name, property => property.Points);
        AddCategories(sets);
        CodePointSet Union(params string[] names) => names.Select(name => sets[name]).Aggregate((all, next) => all.Union(next));

        sets["ANY"] = CodePointSet.All;
        sets["ASCII"] = CodePointSet.Range(0, 0x7F);
        sets["ASSIGNED"] = sets["CN"].Complement();
        sets["SPACE"] = sets["WHITESPACE"] = Union("Z").Union(CodePointSet.Range(9, 13)).Union(CodePointSet.Of(0x85));
        sets["BLANK"] = sets["ZS"].Union(CodePointSet.Of('\t'));
        sets["ALPHA"] = sets["ALPHABETIC"];
        sets["UPPER"] = sets["UPPERCASE"];
        sets["LOWER"] = sets["LOWERCASE"];
        sets["DIGIT"] = sets["ND"];
        sets["ALNUM"] = Union("ALPHABETIC", "ND");
        sets["CNTRL"] = sets["CC"];
        sets["PUNCT"] = sets["PUNCTUATION"] = sets["P"];
        sets["WORD"] = Union("ALPHABETIC", "M", "ND", "PC");
        sets["XDIGIT"] = CodePointSet.OfRanges([('0', '9'), ('A', 'F'), ('a', 'f')]);
        sets["GRAPH"] = Union("SPACE", "CC", "CN", "CS").Complement();
        sets["PRINT"] = Union("GRAPH", "ZS");
        return sets.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void AddCategories(Dictionary<string, CodePointSet> sets)
    {
        var ranges = CategoryNames.ToDictionary(name => name, _ => new List<(int, int)>());
        int start = 0;
        for (int point = 1; point <= 0x110000; point++)
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(start);
            if (point > 0x10FFFF || CharUnicodeInfo.GetUnicodeCategory(point) != category)
            {
                ranges[CategoryNames[(int)category]].Add((start, point - 1));
                start = point;
            }
        }

        foreach (string name in CategoryNames)
        {
            sets[name] = CodePointSet.OfRanges(ranges[name]);
        }

        foreach (IGrouping<char, string> group in CategoryNames.GroupBy(name => name[0]))
        {
            sets[group.Key.ToString()] = group.Select(name => sets[name]).Aggregate((all, next) => all.Union(next));
        }

        (string Long, string Short)[] aliases =
        [
            ("LETTER", "L"), ("MARK", "M"), ("NUMBER", "N"), ("SYMBOL", "S"), ("SEPARATOR", "Z"), ("OTHER", "C"),
            ("UPPERCASELETTER", "LU"), ("LOWERCASELETTER", "LL"), ("TITLECASELETTER", "LT"), ("MODIFIERLETTER", "LM"), ("OTHERLETTER", "LO"),
            ("NONSPACINGMARK", "MN"), ("SPACINGMARK", "MC"), ("ENCLOSINGMARK", "ME"), ("DECIMALNUMBER", "ND"), ("LETTERNUMBER", "NL"), ("OTHERNUMBER", "NO"),
            ("CONTROL", "CC"), ("FORMAT", "CF"), ("PRIVATEUSE", "CO"), ("UNASSIGNED", "CN"), ("MATHSYMBOL", "SM"), ("CURRENCYSYMBOL", "SC"), ("OTHERSYMBOL", "SO"),
        ];
        foreach ((string longName, string shortName) in aliases)
        {
            sets[longName] = sets[shortName];
        }
    }

    private static IEnumerable<(string Name, CodePointSet Points)> ReadFile()
    {
        using Stream stream = typeof(UnicodeProperties).Assembly.GetManifestResourceStream("UnicodeProperties.txt")
            ?? throw new InvalidOperationException("The tables of properties are not part of the assembly.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                string[] fields = line.Split(' ');
                yield return (fields[0], CodePointSet.OfRanges(fields[1..].Select(ReadRange)));
            }
        }
    }

    private static (int First, int Last) ReadRange(string text)
    {
        int[] ends = [.. text.Split('-').Select(end => int.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        return (ends[0], ends[^1]);
    }
}

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>Reads a character class: ranges, escapes, POSIX names, classes within classes, and <c>&amp;&amp;</c> for what both sides have.</summary>
internal sealed class OnigurumaClass(PatternReader reader)
{
    private const int MaxDepth = 16;
    private int _depth;

    /// <summary>From behind the opening bracket to behind the closing one.</summary>
    public CodePointSet Read(bool ignoreCase)
    {
        if (++_depth > MaxDepth)
        {
            throw reader.Error("its classes are nested too deeply");
        }

        bool negated = reader.TryTake("^");
        CodePointSet? left = null;
        CodePointSet current = CodePointSet.Empty;

        // A bracket that comes first stands for itself.
        for (bool first = true; first || !reader.TryTake("]"); first = false)
        {
            if (reader.TryTake("&&"))
            {
                left = left is null ? current : left.Intersect(current);
                current = CodePointSet.Empty;
                continue;
            }

            current = current.Union(ReadItem(ignoreCase));
        }

        _depth--;
        current = left is null ? current : left.Intersect(current);
        current = ignoreCase ? current.WithOtherCases() : current;
        return negated ? current.Complement() : current;
    }

    private CodePointSet ReadItem(bool ignoreCase)
    {
        if (reader.TryTake("[:"))
        {
            return ReadPosix();
        }

        if (reader.TryTake("["))
        {
            return Read(ignoreCase);
        }

        if (OnigurumaEscapes.TryReadSet(reader, inClass: true) is { } set)
        {
            return set;
        }

        int first = OnigurumaEscapes.ReadPoint(reader, inClass: true);
        if (!reader.Follows("-") || reader.Follows("-]") || reader.Follows("-["))
        {
            return CodePointSet.Of(first);
        }

        reader.TryTake("-");
        if (OnigurumaEscapes.TryReadSet(reader, inClass: true) is { } behind)
        {
            return behind.Union(CodePointSet.Of(first, '-'));
        }

        int last = OnigurumaEscapes.ReadPoint(reader, inClass: true);
        return last >= first ? CodePointSet.Range(first, last) : throw reader.Error("a range of its classes ends before it begins");
    }

    private CodePointSet ReadPosix()
    {
        bool negated = reader.TryTake("^");
        string name = reader.Until(":]");
        CodePointSet set = UnicodeProperties.FindPosix(name) ?? throw reader.Error($"the class \"[:{name}:]\" is not known");
        return negated ? set.Complement() : set;
    }
}

namespace AdapterServe.LoadTest.Popularity;

/// <summary>Names, with <c>*</c> for any run of letters.</summary>
internal static class NamePatterns
{
    /// <summary>The names that a list of patterns takes, in the names' order. <b>Errors</b>: a pattern that takes none.</summary>
    public static IReadOnlyList<string> Select(IReadOnlyList<string> names, IReadOnlyList<string> patterns)
    {
        foreach (var pattern in patterns)
        {
            if (!names.Any(name => Matches(name, pattern)))
            {
                throw new UserErrorException($"The server lists no adapter '{pattern}'; upload it first, or name one of its {names.Count} adapters.");
            }
        }

        return [.. names.Where(name => patterns.Any(pattern => Matches(name, pattern)))];
    }

    public static bool Matches(string name, string pattern)
    {
        var (at, place, star, resume) = (0, 0, -1, 0);
        while (at < name.Length)
        {
            if (place < pattern.Length && pattern[place] == '*')
            {
                (star, resume) = (place++, at);
            }
            else if (place < pattern.Length && pattern[place] == name[at])
            {
                (place, at) = (place + 1, at + 1);
            }
            else if (star >= 0)
            {
                (place, at) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(place).TrimStart('*').IsEmpty;
    }
}

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Writes spaces as a visible character, puts one before the text as the scheme says, and may cut before each.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, MetaspacePreTokenizer.Scheme scheme, bool split) : IPreTokenizer
{
    internal enum Scheme
    {
        Never,
        First,
        Always,
    }

    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        string marked = text.ToString().Replace(' ', replacement);
        bool wanted = scheme == Scheme.Always || (scheme == Scheme.First && atStart);
        if (wanted && !marked.StartsWith(replacement))
        {
            marked = replacement + marked;
        }

        ReadOnlyMemory<char> rest = marked.AsMemory();
        while (split && rest.Length > 0 && rest.Span[1..].IndexOf(replacement) is var next and >= 0)
        {
            words.Add(rest[..(next + 1)]);
            rest = rest[(next + 1)..];
        }

        if (rest.Length > 0)
        {
            words.Add(rest);
        }
    }
}

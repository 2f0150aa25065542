namespace AdapterServe.Engine.Tokenization.Patterns;

internal sealed class FixedPattern(string wanted) : TextPattern
{
    public override void FindAll(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        if (wanted.Length == 0)
        {
            return;
        }

        for (int from = 0; text[from..].IndexOf(wanted, StringComparison.Ordinal) is var at and >= 0; from += at + wanted.Length)
        {
            matches.Add((from + at, wanted.Length));
        }
    }
}

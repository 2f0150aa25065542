namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Each part splits the words of the part before it.</summary>
internal sealed class SequencePreTokenizer(IPreTokenizer[] parts) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        var current = new List<ReadOnlyMemory<char>> { text };
        foreach (IPreTokenizer part in parts)
        {
            var next = new List<ReadOnlyMemory<char>>(current.Count);
            for (int i = 0; i < current.Count; i++)
            {
                part.Split(current[i], atStart && i == 0, next);
            }

            atStart &= current.Count > 0 && next.Count > 0 && BeginsWhere(current[0], next[0]);

            current = next;
        }

        words.AddRange(current);
    }

    // A part that makes new texts, as the byte alphabet does, drops nothing.
    private static bool BeginsWhere(ReadOnlyMemory<char> text, ReadOnlyMemory<char> word) => !text.Span.Overlaps(word.Span, out int offset) || offset == 0;
}

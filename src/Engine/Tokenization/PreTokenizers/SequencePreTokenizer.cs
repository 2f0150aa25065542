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

            current = next;
        }

        words.AddRange(current);
    }
}

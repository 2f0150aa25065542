namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Splits normalized text into words, which the model encodes one by one. Immutable, thread safe.</summary>
internal interface IPreTokenizer
{
    /// <summary>
    /// Appends the words of <paramref name="text"/>, none of them empty.
    /// <paramref name="atStart"/>: the text begins where the whole input begins.
    /// </summary>
    void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words);
}

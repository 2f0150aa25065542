namespace AdapterServe.LoadTest.Prompts;

/// <summary>
/// How many tokens a server makes of words: <c>Overhead + PerWord · words</c>; the overhead is the chat's template and the special tokens.
/// </summary>
internal sealed record WordRate(double PerWord, double Overhead)
{
    /// <summary>A common word is one token in most vocabularies.</summary>
    public static WordRate Usual { get; } = new(1, 0);

    /// <summary>The line through two measured prompts.</summary>
    public static WordRate Through((int Words, int Tokens) few, (int Words, int Tokens) many)
    {
        var perWord = (double)(many.Tokens - few.Tokens) / (many.Words - few.Words);
        return perWord > 0 ? new WordRate(perWord, Math.Max(0, few.Tokens - (perWord * few.Words))) : Usual;
    }

    public int WordsFor(int tokens) => Math.Max(1, (int)Math.Round((tokens - Overhead) / PerWord));
}

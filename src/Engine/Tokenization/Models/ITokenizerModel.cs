namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Encodes one word. Thread safe.</summary>
internal interface ITokenizerModel
{
    void Encode(ReadOnlySpan<char> word, List<int> ids);
}

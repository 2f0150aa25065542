using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Reads <c>model</c> of type WordPiece. <b>Errors</b>: <see cref="TokenizerException"/>, one sentence per cause.</summary>
internal static class WordPieceReader
{
    private const int DefaultMaxCharacters = 100;

    public static WordPieceModel Read(JsonElement json, Vocabulary vocabulary)
    {
        WordLevelReader.ReadTokens(json, vocabulary);
        int maxCharacters = json.Optional("max_input_chars_per_word")?.Integer("max_input_chars_per_word") ?? DefaultMaxCharacters;
        return maxCharacters is >= 0 and <= 1024
            ? new WordPieceModel(vocabulary, WordLevelReader.UnknownId(json, vocabulary), json.OptionalText("continuing_subword_prefix") ?? "##", maxCharacters)
            : throw new TokenizerException("max_input_chars_per_word is out of range.");
    }
}

using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Reads <c>model</c> of type WordLevel. <b>Errors</b>: <see cref="TokenizerException"/>, one sentence per cause.</summary>
internal static class WordLevelReader
{
    public static WordLevelModel Read(JsonElement json, Vocabulary vocabulary)
    {
        ReadTokens(json, vocabulary);
        return new WordLevelModel(vocabulary, UnknownId(json, vocabulary));
    }

    /// <summary>A vocabulary written as an object of texts and ids.</summary>
    public static void ReadTokens(JsonElement json, Vocabulary vocabulary)
    {
        foreach (JsonProperty token in json.Required("vocab").Members("vocab"))
        {
            vocabulary.Add(token.Name, token.Value.Integer("A token id"));
        }
    }

    public static int UnknownId(JsonElement json, Vocabulary vocabulary)
    {
        string unknown = json.TextOf("unk_token");
        return vocabulary.TryGetId(unknown, out int id) ? id : throw new TokenizerException($"The unknown token \"{unknown}\" is not in the vocabulary.");
    }
}

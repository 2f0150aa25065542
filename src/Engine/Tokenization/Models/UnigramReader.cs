using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Reads <c>model</c> of type Unigram. <b>Errors</b>: <see cref="TokenizerException"/>, one sentence per cause.</summary>
internal static class UnigramReader
{
    public static UnigramModel Read(JsonElement json, Vocabulary vocabulary)
    {
        var scores = new List<double>();
        foreach (JsonElement entry in json.Required("vocab").Items("vocab"))
        {
            (string text, double score) = Token(entry);
            vocabulary.Add(text, scores.Count);
            scores.Add(score);
        }

        int? unknown = json.Optional("unk_id")?.Integer("unk_id");
        if (scores.Count == 0 || unknown is { } id && (id < 0 || id >= scores.Count))
        {
            throw new TokenizerException("A Unigram model needs tokens, and its unk_id must be one of them.");
        }

        return new UnigramModel(vocabulary, scores, unknown, json.Flag("byte_fallback", false));
    }

    private static (string Text, double Score) Token(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2 && entry[1].ValueKind == JsonValueKind.Number
            && entry[0].Text("A token") is { Length: > 0 } text && entry[1].TryGetDouble(out double score) && double.IsFinite(score)
            ? (text, score)
            : throw new TokenizerException("A Unigram token must be a text and a finite score.");
}

using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Reads <c>model</c> of type BPE. <b>Errors</b>: <see cref="TokenizerException"/>, one sentence per cause.</summary>
internal static class BpeReader
{
    public static BpeModel Read(JsonElement json, Vocabulary vocabulary)
    {
        if (json.Optional("dropout") is { ValueKind: JsonValueKind.Number } dropout && dropout.GetDouble() > 0)
        {
            throw new TokenizerException("BPE dropout would make encodings random and is not supported.");
        }

        WordLevelReader.ReadTokens(json, vocabulary);

        string prefix = json.OptionalText("continuing_subword_prefix") ?? "";
        return new BpeModel(vocabulary, ReadMerges(json.Required("merges"), vocabulary, prefix.Length), new BpeOptions
        {
            IgnoreMerges = json.Flag("ignore_merges", false),
            ByteFallback = json.Flag("byte_fallback", false),
            FuseUnknown = json.Flag("fuse_unk", false),
            ContinuingSubwordPrefix = prefix,
            EndOfWordSuffix = json.OptionalText("end_of_word_suffix") ?? "",
            UnknownId = json.OptionalText("unk_token") is { } unknown ? Id(vocabulary, unknown) : null,
        });
    }

    private static Dictionary<long, BpeMerge> ReadMerges(JsonElement json, Vocabulary vocabulary, int prefixLength)
    {
        var merges = new Dictionary<long, BpeMerge>();
        int rank = 0;
        foreach (JsonElement merge in json.Items("merges"))
        {
            (string left, string right) = Pair(merge);
            if (right.Length < prefixLength)
            {
                throw new TokenizerException($"The merge of \"{left}\" and \"{right}\" lacks the continuing prefix.");
            }

            int merged = Id(vocabulary, string.Concat(left, right.AsSpan(prefixLength)));
            merges[BpeMerge.Key(Id(vocabulary, left), Id(vocabulary, right))] = new BpeMerge(rank++, merged);
        }

        return merges;
    }

    private static (string Left, string Right) Pair(JsonElement merge)
    {
        string[] parts = merge.ValueKind == JsonValueKind.Array
            ? [.. merge.EnumerateArray().Select(part => part.Text("A merge's part"))]
            : merge.Text("A merge").Split(' ');
        return parts is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right) : throw new TokenizerException("A merge must have two parts.");
    }

    private static int Id(Vocabulary vocabulary, string text) =>
        vocabulary.TryGetId(text, out int id) ? id : throw new TokenizerException($"The token \"{text}\" is not in the vocabulary.");
}

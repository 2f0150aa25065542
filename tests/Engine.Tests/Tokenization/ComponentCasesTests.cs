using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>What the reference library made of texts and tokens, one set for each setting of each component.</summary>
public sealed class ComponentCasesTests
{
    /// <summary>Marks tokens that continue a word, so that the ids show where words begin.</summary>
    private const string Continuing = "@@";

    private static readonly JsonElement Cases = RepositoryFiles.Json(RepositoryFiles.Data("tokenizer_components", "cases.json"));

    public static TheoryData<int> Splits => [.. Enumerable.Range(0, Cases.GetProperty("splits").GetArrayLength())];

    public static TheoryData<int> Decoders => [.. Enumerable.Range(0, Cases.GetProperty("decoders").GetProperty("sets").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Splits))]
    public void Texts_are_normalized_and_cut_as_in_the_reference(int index)
    {
        JsonElement set = Cases.GetProperty("splits")[index];
        JsonElement[] cases = [.. set.GetProperty("cases").EnumerateArray()];
        Assert.True(cases.Length >= 3);
        var vocabulary = new JsonObject { ["<unk>"] = 0 };
        foreach (string character in cases.SelectMany(item => item[1].EnumerateArray()).Where(word => word.ValueKind == JsonValueKind.String)
            .SelectMany(word => word.GetString()!.EnumerateRunes()).Select(rune => rune.ToString()).Distinct(StringComparer.Ordinal))
        {
            vocabulary[character] = vocabulary.Count;
            vocabulary[Continuing + character] = vocabulary.Count;
        }

        JsonArray added = Added(set, vocabulary.Count);
        string[] contents = [.. added.Select(token => token!["content"]!.GetValue<string>())];
        Tokenizer tokenizer = Load(set, vocabulary, new JsonObject { ["type"] = "Fuse" }, added);
        Assert.All(cases, item => Assert.Equal(
            item[1].EnumerateArray().Select(word => word.ValueKind == JsonValueKind.String ? word.GetString()! : $"[{word[0].GetString()}]"),
            Words(tokenizer, tokenizer.Encode(item[0].GetString()!, addSpecialTokens: false), vocabulary.Count, contents)));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Tokens_are_decoded_as_in_the_reference_at_once_and_one_by_one(int index)
    {
        JsonElement set = Cases.GetProperty("decoders").GetProperty("sets")[index];
        JsonElement[] cases = [.. set.GetProperty("cases").EnumerateArray()];
        Assert.True(cases.Length >= 10);
        string[] added = [.. Cases.GetProperty("decoders").GetProperty("added_tokens").EnumerateArray().Select(token => token.GetProperty("content").GetString()!)];
        var vocabulary = new JsonObject { ["<unk>"] = 0 };
        foreach (string token in cases.SelectMany(item => item[0].EnumerateArray()).Select(token => token.GetString()!).Except(added).Except(["<unk>"]).Distinct(StringComparer.Ordinal))
        {
            vocabulary[token] = vocabulary.Count;
        }

        JsonNode? decoder = JsonNode.Parse(set.GetProperty("decoder").GetRawText());
        Tokenizer tokenizer = Load(set, vocabulary, decoder, Added(Cases.GetProperty("decoders"), vocabulary.Count));
        Assert.All(cases, item =>
        {
            int[] ids = [.. item[0].EnumerateArray().Select(token => tokenizer.TryGetId(token.GetString()!, out int id) ? id : -1)];
            bool skip = item[1].GetBoolean();
            Assert.Equal(item[2].GetString(), tokenizer.Decode(ids, skip));
            IncrementalDecoder incremental = tokenizer.CreateDecoder(skip);
            Assert.Equal(item[2].GetString(), string.Concat(ids.Select(incremental.Append)) + incremental.Flush());
        });
    }

    private static JsonArray Added(JsonElement set, int firstId)
    {
        var added = new JsonArray();
        foreach (JsonElement token in set.TryGetProperty("added_tokens", out JsonElement tokens) ? tokens.EnumerateArray() : default)
        {
            JsonObject copy = JsonObject.Create(token)!;
            copy = (JsonObject)copy.DeepClone();
            copy["id"] = firstId + added.Count;
            added.Add((JsonNode)copy);
        }

        return added;
    }

    private static Tokenizer Load(JsonElement set, JsonObject vocabulary, JsonNode? decoder, JsonArray added)
    {
        JsonNode? Part(string name) => set.TryGetProperty(name, out JsonElement part) ? JsonNode.Parse(part.GetRawText()) : null;
        return TokenizerFile.Load(new JsonObject
        {
            ["added_tokens"] = added,
            ["normalizer"] = Part("normalizer"),
            ["pre_tokenizer"] = Part("pre_tokenizer"),
            ["post_processor"] = null,
            ["decoder"] = decoder,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["continuing_subword_prefix"] = Continuing,
                ["vocab"] = vocabulary.DeepClone(),
                ["merges"] = new JsonArray(),
            },
        });
    }

    private static List<string> Words(Tokenizer tokenizer, int[] ids, int firstAdded, string[] added)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (int id in ids)
        {
            string token = id < firstAdded ? tokenizer.TokenText(id) : added[id - firstAdded];
            bool continues = id < firstAdded && token.Length > Continuing.Length && token.StartsWith(Continuing, StringComparison.Ordinal);
            if (!continues && word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }

            _ = id >= firstAdded ? word.Append('[').Append(token).Append(']') : word.Append(continues ? token[Continuing.Length..] : token);
        }

        return word.Length > 0 ? [.. words, word.ToString()] : words;
    }
}

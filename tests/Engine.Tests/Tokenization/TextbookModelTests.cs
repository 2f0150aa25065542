using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>The models against the textbook's slow algorithms, written from their definitions, id by id.</summary>
public sealed class TextbookModelTests
{
    private const int Texts = 10_000;

    [Theory]
    [InlineData("gpt2", 1)]
    [InlineData("llama3", 2)]
    [InlineData("gemma2", 3)]
    [InlineData("llama2", 4)]
    public void Byte_pair_encoding_merges_the_best_pair_until_none_is_left(string family, int seed)
    {
        JsonObject file = Bare(family);
        var model = (JsonObject)file["model"]!;
        Dictionary<string, int> ids = Vocabulary(model);
        Dictionary<(string, string), int> ranks = [];
        foreach (JsonNode? merge in (JsonArray)model["merges"]!)
        {
            string[] pair = merge is JsonArray list ? [.. list.Select(part => part!.GetValue<string>())] : merge!.GetValue<string>().Split(' ');
            ranks.TryAdd((pair[0], pair[1]), ranks.Count);
        }

        int? unknown = model["unk_token"] is { } token ? ids[token.GetValue<string>()] : null;
        bool ignoreMerges = model["ignore_merges"]!.GetValue<bool>();
        bool bytes = model["byte_fallback"]!.GetValue<bool>();
        Compare(file, seed, text => ignoreMerges && ids.TryGetValue(text, out int whole) ? [whole] : Merge(text, ids, ranks, unknown, bytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Unigram_takes_the_most_probable_cut(bool byteFallback)
    {
        JsonObject file = Bare("unigram");
        var model = (JsonObject)file["model"]!;
        if (byteFallback)
        {
            model["byte_fallback"] = true;
            for (int value = 0; value < 256; value++)
            {
                ((JsonArray)model["vocab"]!).Add((JsonNode)new JsonArray($"<0x{value:X2}>", -20.0));
            }
        }

        (string Text, double Score)[] tokens = [.. ((JsonArray)model["vocab"]!).Select(item => (item![0]!.GetValue<string>(), item[1]!.GetValue<double>()))];
        Compare(file, 5, text => Viterbi(text, tokens, model["unk_id"]!.GetValue<int>(), byteFallback));
    }

    [Fact]
    public void Word_pieces_are_the_longest_that_fit()
    {
        JsonObject file = Bare("wordpiece");
        Dictionary<string, int> ids = Vocabulary((JsonObject)file["model"]!);
        Compare(file, 6, word => Longest(word, ids) ?? [ids["[UNK]"]]);
    }

    private static JsonObject Bare(string family)
    {
        var file = (JsonObject)JsonNode.Parse(File.ReadAllText(RepositoryFiles.Data("tokenizers", family, "tokenizer.json")))!;
        foreach (string part in (string[])["normalizer", "pre_tokenizer", "post_processor", "added_tokens"])
        {
            file[part] = null;
        }

        return file;
    }

    private static Dictionary<string, int> Vocabulary(JsonObject model) =>
        ((JsonObject)model["vocab"]!).ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<int>(), StringComparer.Ordinal);

    private static void Compare(JsonObject file, int seed, Func<string, IReadOnlyList<int>> textbook)
    {
        Tokenizer tokenizer = TokenizerFile.Load(file);
        string[] tokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsKnown).Select(tokenizer.TokenText).Where(text => text.Length > 0)];
        foreach (string text in GeneratedTexts.Make(seed, Texts, tokens).Where(text => text.Length > 0))
        {
            Assert.Equal(textbook(text), tokenizer.Encode(text, addSpecialTokens: false));
        }
    }

    private static List<int> Merge(string text, Dictionary<string, int> ids, Dictionary<(string, string), int> ranks, int? unknown, bool bytes)
    {
        // Symbols without a token have no text, so that nothing merges with them.
        var symbols = new List<(string? Text, int Id)>();
        foreach (string character in text.EnumerateRunes().Select(rune => rune.ToString()))
        {
            int[] fallback = [.. Encoding.UTF8.GetBytes(character).Select(value => bytes ? ids.GetValueOrDefault($"<0x{value:X2}>", -1) : -1)];
            if (ids.TryGetValue(character, out int id))
            {
                symbols.Add((character, id));
            }
            else if (fallback.All(value => value >= 0))
            {
                symbols.AddRange(fallback.Select(value => ((string?)null, value)));
            }
            else if (unknown is { } none)
            {
                symbols.Add((null, none));
            }
        }

        while (true)
        {
            int best = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                bool better = symbols[i].Text is { } left && symbols[i + 1].Text is { } right && ranks.TryGetValue((left, right), out int rank)
                    && (best < 0 || rank < ranks[(symbols[best].Text!, symbols[best + 1].Text!)]);
                best = better ? i : best;
            }

            if (best < 0)
            {
                return [.. symbols.Select(symbol => symbol.Id)];
            }

            string merged = symbols[best].Text + symbols[best + 1].Text;
            symbols[best] = (merged, ids[merged]);
            symbols.RemoveAt(best + 1);
        }
    }

    private static List<int> Viterbi(string text, (string Text, double Score)[] tokens, int unknown, bool byteFallback)
    {
        Dictionary<string, int> ids = [];
        foreach ((string token, double _) in tokens)
        {
            ids[token] = ids.Count;
        }

        double unknownScore = tokens.Min(token => token.Score) - 10;
        var best = new (double Score, int Start, int Id)?[text.Length + 1];
        best[0] = (0, 0, -1);
        for (int start = 0; start < text.Length; start += char.IsHighSurrogate(text[start]) ? 2 : 1)
        {
            int single = char.IsHighSurrogate(text[start]) ? 2 : 1;
            for (int end = start + single; end <= text.Length; end++)
            {
                int id = ids.GetValueOrDefault(text[start..end], -1);
                if (id < 0 && end > start + single)
                {
                    continue;
                }

                double sum = best[start]!.Value.Score + (id < 0 ? unknownScore : tokens[id].Score);
                best[end] = best[end] is { } old && old.Score >= sum ? old : (sum, start, id);
            }
        }

        return Ids(text, best, ids, unknown, byteFallback);
    }

    private static List<int> Ids(string text, (double Score, int Start, int Id)?[] best, Dictionary<string, int> ids, int unknown, bool byteFallback)
    {
        var result = new List<int>();
        for (int end = text.Length; end > 0;)
        {
            (double _, int start, int id) = best[end]!.Value;
            while (id < 0 && start > 0 && best[start]!.Value.Id < 0)
            {
                start = best[start]!.Value.Start;
            }

            if (id >= 0)
            {
                result.Add(id);
            }
            else if (byteFallback)
            {
                result.AddRange(Encoding.UTF8.GetBytes(text[start..end]).Reverse().Select(value => ids[$"<0x{value:X2}>"]));
            }
            else
            {
                result.Add(unknown);
            }

            end = start;
        }

        result.Reverse();
        return result;
    }

    private static List<int>? Longest(string word, Dictionary<string, int> ids)
    {
        if (word.EnumerateRunes().Count() > 100)
        {
            return null;
        }

        var result = new List<int>();
        for (int start = 0; start < word.Length;)
        {
            int end = word.Length;
            while (end > start && !ids.ContainsKey((start > 0 ? "##" : "") + word[start..end]))
            {
                end--;
            }

            if (end == start)
            {
                return null;
            }

            result.Add(ids[(start > 0 ? "##" : "") + word[start..end]]);
            start = end;
        }

        return result;
    }
}

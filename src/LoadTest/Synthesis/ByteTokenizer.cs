using System.Text.Json.Nodes;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>
/// A byte-level BPE tokenizer without merges: three special tokens, the 256 bytes, and words of five letters that no text encodes to, so that every
/// id decodes.
/// </summary>
internal static class ByteTokenizer
{
    /// <summary>The special tokens and the bytes.</summary>
    public const int SmallestVocabulary = 3 + 256;

    private static readonly string[] s_specials = ["<|pad|>", "<|begin|>", "<|end|>"];

    public static void Write(string folder, int vocabulary, int contextTokens)
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer(vocabulary).ToJsonString());
        var config = new JsonObject
        {
            ["bos_token"] = s_specials[1],
            ["eos_token"] = s_specials[2],
            ["pad_token"] = s_specials[0],
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = contextTokens,
            ["chat_template"] = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
                + "{% if add_generation_prompt %}assistant: {% endif %}",
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
    }

    private static JsonObject Tokenizer(int size)
    {
        var vocabulary = new JsonObject();
        foreach (var token in s_specials.Concat(ByteLetters()).Concat(Words()).Take(size))
        {
            vocabulary[token] = vocabulary.Count;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. s_specials.Select(Special)]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
    }

    private static JsonObject ByteLevel() =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };

    private static JsonNode Special(string content, int id) => new JsonObject
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    /// <summary>The letters that stand for bytes in byte-level vocabularies: printable ones for themselves, the others from U+0100 on.</summary>
    private static IEnumerable<string> ByteLetters()
    {
        var next = 0x100;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            yield return ((char)(printable ? value : next++)).ToString();
        }
    }

    private static IEnumerable<string> Words()
    {
        for (var number = 0; ; number++)
        {
            var word = new char[5];
            for (int i = 4, rest = number; i >= 0; i--, rest /= 26)
            {
                word[i] = (char)('a' + (rest % 26));
            }

            yield return new string(word);
        }
    }
}

using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>The models beside BPE, and the parts of BERT's and SentencePiece's files, by hand-made files whose answers follow from their definitions.</summary>
public sealed class TokenizerModelTests
{
    [Fact]
    public void Unigram_takes_the_cut_of_greatest_score_and_joins_unknown_characters()
    {
        Tokenizer tokenizer = Model("""{"type": "Unigram", "unk_id": 0, "vocab": [["?", 0], ["a", -1], ["b", -1], ["ab", -1.5], ["abb", -4]]}""");
        Assert.Equal([3, 2], tokenizer.Encode("abb", false));
        Assert.Equal([3, 3], tokenizer.Encode("abab", false));
        Assert.Equal([1, 0, 1], tokenizer.Encode("a\u4E00\U0001F600a", false));
        Assert.Empty(tokenizer.Encode("", false));
    }

    [Fact]
    public void Unigram_falls_back_to_bytes_where_each_has_a_token()
    {
        Tokenizer tokenizer = Model("""{"type": "Unigram", "unk_id": 0, "byte_fallback": true, "vocab": [["?", 0], ["a", -1], ["<0xC3>", -2], ["<0xA9>", -2]]}""");
        Assert.Equal([1, 2, 3, 1], tokenizer.Encode("aéa", false));
        Assert.Equal([0], tokenizer.Encode("è", false));
    }

    [Fact]
    public void Unigram_without_an_unknown_token_says_so()
    {
        Tokenizer tokenizer = Model("""{"type": "Unigram", "vocab": [["a", -1]]}""");
        Assert.Throws<TokenizerException>(() => tokenizer.Encode("b", false));
    }

    [Fact]
    public void Word_piece_takes_the_longest_token_and_a_word_whole_or_not_at_all()
    {
        Tokenizer tokenizer = Model(
            """{"type": "WordPiece", "unk_token": "?", "max_input_chars_per_word": 6, "vocab": {"?": 0, "ab": 1, "abc": 2, "##d": 3, "##cd": 4, "##\uD83D\uDE00": 5}}""");
        Assert.Equal([2, 3], tokenizer.Encode("abcd", false));
        Assert.Equal([2, 5], tokenizer.Encode("abc\U0001F600", false));
        Assert.Equal([0], tokenizer.Encode("abx", false));
        Assert.Equal([0], tokenizer.Encode("abcdddd", false));
    }

    [Fact]
    public void Word_level_knows_words_alone()
    {
        JsonObject file = TokenizerFile.With("model", """{"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "ab": 1, ",": 2}}""");
        TokenizerFile.Set(file, "pre_tokenizer", """{"type": "Whitespace"}""");
        Assert.Equal([1, 2, 0, 1], TokenizerFile.Load(file).Encode(" ab,  a_b\tab", false));
    }

    [Theory]
    [InlineData("""{"type": "BertPreTokenizer"}""", "a b$c¡\n d", "a|b|$|c|¡|d")]
    [InlineData("""{"type": "Punctuation"}""", "a b$$c", "a b|$|$|c")]
    [InlineData("""{"type": "Punctuation", "behavior": "Contiguous"}""", "a b$$c", "a b|$$|c")]
    [InlineData("""{"type": "Whitespace"}""", "a_1\u0301b,;! \u00A0x", "a_1\u0301b|,;!|x")]
    [InlineData("""{"type": "WhitespaceSplit"}""", " a, b ", "a,|b")]
    [InlineData("""{"type": "CharDelimiterSplit", "delimiter": "-"}""", "a--b c", "a|b c")]
    public void Pre_tokenizers_cut_as_they_are_defined(string preTokenizer, string text, string expected)
    {
        string[] words = expected.Split('|');
        var vocabulary = new JsonObject { ["?"] = 0 };
        foreach (string word in words.Distinct())
        {
            vocabulary[word] = vocabulary.Count;
        }

        JsonObject file = TokenizerFile.With("model", new JsonObject { ["type"] = "WordLevel", ["unk_token"] = "?", ["vocab"] = vocabulary }.ToJsonString());
        TokenizerFile.Set(file, "pre_tokenizer", preTokenizer);
        Tokenizer tokenizer = TokenizerFile.Load(file);
        Assert.Equal(words, tokenizer.Encode(text, false).Select(id => tokenizer.TryGetToken(id, out string? token) ? token : ""));
    }

    [Theory]
    [InlineData("""{"type": "BertNormalizer"}""", "\u0000Ä\u200B\tİß\u4E00b", "a i\u00DF \u4E00 b")]
    [InlineData("""{"type": "BertNormalizer", "lowercase": false}""", "Ä", "Ä")]
    [InlineData("""{"type": "BertNormalizer", "lowercase": true, "strip_accents": false}""", "ÄΣ", "äσ")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}""", "Ãé\u0903", "Ae")]
    [InlineData("""{"type": "Nmt"}""", "a\u0001\u200Bb\r\n\u00A0", "a b  \u00A0")]
    [InlineData("""{"type": "ByteLevel"}""", "é ", "Ã©Ġ")]
    public void Normalizers_rewrite_as_they_are_defined(string normalizer, string text, string expected)
    {
        JsonObject file = TokenizerFile.With("model", new JsonObject { ["type"] = "WordLevel", ["unk_token"] = "?", ["vocab"] = new JsonObject { ["?"] = 0, [expected] = 1 } }.ToJsonString());
        TokenizerFile.Set(file, "normalizer", normalizer);
        Assert.Equal([1], TokenizerFile.Load(file).Encode(text, false));
    }

    [Fact]
    public void A_precompiled_map_replaces_short_clusters_and_single_characters()
    {
        // Offset 256 at the root, so that the label A lies at 256 ^ 0x41; its unit has a value, which lies at 1 and says text 0.
        const int node = 256 ^ 'A';
        var units = new uint[512];
        units[0] = 256u << 10;
        units[node] = ((uint)(node ^ 1) << 10) | 0x100 | 'A';
        units[1] = 0x8000_0000;
        byte[] map = [.. BitConverter.GetBytes(units.Length * sizeof(uint)), .. units.SelectMany(BitConverter.GetBytes), .. "xy\0"u8];
        JsonObject file = TokenizerFile.With("model", """{"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "bxyb\u4E00": 1}}""");
        TokenizerFile.Set(file, "normalizer", $$"""{"type": "Precompiled", "precompiled_charsmap": "{{Convert.ToBase64String(map)}}"}""");
        Assert.Equal([1], TokenizerFile.Load(file).Encode("bAb\u4E00", false));
    }

    [Theory]
    [InlineData("""{"type": "WordPiece"}""", "ab c.")]
    [InlineData("""{"type": "WordPiece", "cleanup": false}""", "ab c .")]
    [InlineData("""{"type": "BPEDecoder", "suffix": "##"}""", "a bc.")]
    public void Decoders_join_words_as_they_are_defined(string decoder, string expected)
    {
        JsonObject file = TokenizerFile.With("model", """{"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0, "##b": 1, "c": 2, ".": 3}}""");
        TokenizerFile.Set(file, "decoder", decoder);
        Assert.Equal(expected, TokenizerFile.Load(file).Decode([0, 1, 2, 3], skipSpecialTokens: false));
    }

    [Fact]
    public void Bert_processing_puts_its_two_tokens_around_the_text()
    {
        JsonObject file = TokenizerFile.With("post_processor", """{"type": "BertProcessing", "sep": ["b", 1], "cls": ["c", 2]}""");
        Assert.Equal([2, 0, 1], TokenizerFile.Load(file).Encode("a", true));
    }

    [Theory]
    [InlineData("""{"type": "Unigram", "unk_id": 0, "vocab": [["?", 0], ["a", -1], ["aa", -1.5], ["aaaaaaaa", -4]]}""")]
    [InlineData("""{"type": "WordPiece", "unk_token": "?", "vocab": {"?": 0, "a": 1, "##a": 2}}""")]
    public void A_megabyte_of_one_letter_is_encoded_in_linear_time(string model)
    {
        int[] ids = Model(model).Encode(new string('a', 1 << 20), false);
        Assert.NotEmpty(ids);
    }

    private static Tokenizer Model(string model) => TokenizerFile.Load(TokenizerFile.With("model", model));
}

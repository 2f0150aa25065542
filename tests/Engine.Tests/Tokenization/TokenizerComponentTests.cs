using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

public sealed class TokenizerComponentTests
{
    [Theory]
    [InlineData("Removed", "false", "ab|cd")]
    [InlineData("Isolated", "false", "ab|-|-|cd|-")]
    [InlineData("Contiguous", "false", "ab|--|cd|-")]
    [InlineData("MergedWithPrevious", "false", "ab-|-|cd-")]
    [InlineData("MergedWithNext", "false", "ab|-|-cd|-")]
    [InlineData("Removed", "true", "-|-|-")]
    [InlineData("Isolated", "true", "ab|-|-|cd|-")]
    public void Split_treats_its_matches_as_the_behavior_says(string behavior, string invert, string expected)
    {
        JsonObject file = WholeWords(expected);
        TokenizerFile.Set(file, "pre_tokenizer", $$"""{"type": "Split", "pattern": {"String": "-"}, "behavior": "{{behavior}}", "invert": {{invert}}}""");
        Assert.Equal(expected, Words(file, "ab--cd-"));
    }

    [Theory]
    [InlineData("true", "a|1|2|b|½|\u0663")]
    [InlineData("false", "a|12|b|½\u0663")]
    public void Digits_stand_alone_or_in_runs(string individual, string expected)
    {
        JsonObject file = WholeWords(expected);
        TokenizerFile.Set(file, "pre_tokenizer", $$"""{"type": "Digits", "individual_digits": {{individual}}}""");
        Assert.Equal(expected, Words(file, "a12b½\u0663"));
    }

    [Fact]
    public void Letters_beyond_the_basic_plane_are_letters_to_a_pattern()
    {
        // U+1D49C is an uppercase letter, U+1F600 a symbol, U+20000 an ideograph.
        const string expected = "\U0001D49Cb\U00020000|\U0001F600c";
        JsonObject file = WholeWords(expected);
        TokenizerFile.Set(file, "pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "[^\\p{L}]?\\p{L}+"}, "behavior": "Isolated"}""");
        Assert.Equal(expected, Words(file, "\U0001D49Cb\U00020000\U0001F600c"));
    }

    [Fact]
    public void Byte_level_puts_a_space_before_the_text_where_asked()
    {
        JsonObject file = TokenizerFile.With("pre_tokenizer", """{"type": "ByteLevel", "add_prefix_space": true}""");
        TokenizerFile.Set(file, "model.vocab", """{"\u0120": 0, "a": 1}""");
        TokenizerFile.Set(file, "model.merges", "[]");
        Tokenizer tokenizer = TokenizerFile.Load(file);
        Assert.Equal([0, 1], tokenizer.Encode("a", false));
        Assert.Equal([0, 1], tokenizer.Encode(" a", false));
    }

    [Fact]
    public void Added_tokens_match_leftmost_and_longest()
    {
        JsonObject file = Added("""{"id": 20, "content": "<x"}""", """{"id": 21, "content": "<x>"}""", """{"id": 22, "content": "ab<"}""");
        Tokenizer tokenizer = TokenizerFile.Load(file);
        Assert.Equal([21], tokenizer.Encode("<x>", false));
        Assert.Equal([20, 0], tokenizer.Encode("<xa", false));
        Assert.Equal([22, 10], tokenizer.Encode("ab<x", false));
    }

    [Fact]
    public void Added_tokens_take_white_space_with_them_where_their_flags_say_so()
    {
        JsonObject file = Added("""{"id": 20, "content": "<l>", "lstrip": true}""", """{"id": 21, "content": "<r>", "rstrip": true}""");
        Tokenizer tokenizer = TokenizerFile.Load(file);
        Assert.Equal([0, 20, 5, 1], tokenizer.Encode("a  <l> b", false));
        Assert.Equal([0, 5, 21, 1], tokenizer.Encode("a <r>  b", false));
    }

    [Fact]
    public void A_single_word_token_needs_word_boundaries()
    {
        Tokenizer tokenizer = TokenizerFile.Load(Added("""{"id": 20, "content": "ed", "single_word": true}"""));
        Assert.Equal([20, 5, 20], tokenizer.Encode("ed ed", false));
        Assert.Equal([4, 3, 0], tokenizer.Encode("eda", false));
    }

    [Fact]
    public void An_added_token_that_the_model_knows_keeps_the_models_id()
    {
        Tokenizer tokenizer = TokenizerFile.Load(Added("""{"id": 20, "content": "de", "special": true}"""));
        Assert.Equal([0, 8, 0], tokenizer.Encode("adea", false));
        Assert.Equal("aa", tokenizer.Decode([0, 8, 0], skipSpecialTokens: true));
    }

    [Fact]
    public void A_normalized_token_is_found_in_normalized_text_and_a_raw_one_in_raw_text()
    {
        JsonObject file = Added("""{"id": 20, "content": "XA", "normalized": true}""", """{"id": 21, "content": "XB", "normalized": false}""");
        TokenizerFile.Set(file, "normalizer", """{"type": "Lowercase"}""");
        Tokenizer tokenizer = TokenizerFile.Load(file);
        Assert.Equal([20, 20], tokenizer.Encode("xaXA", false));
        Assert.Equal([10, 1, 21], tokenizer.Encode("xbXB", false));
    }

    [Theory]
    [InlineData("false", "false", new[] { 0, 9, 9, 0 })]
    [InlineData("true", "false", new[] { 0, 9, 0 })]
    public void Unknown_characters_become_the_unknown_token_one_by_one_or_fused(string fuse, string fallback, int[] expected)
    {
        JsonObject file = TokenizerFile.With("model.unk_token", "\"?\"");
        TokenizerFile.Set(file, "model.fuse_unk", fuse);
        TokenizerFile.Set(file, "model.byte_fallback", fallback);
        Assert.Equal(expected, TokenizerFile.Load(file).Encode("a\u00E9\U0001F600a", false));
    }

    [Fact]
    public void A_word_that_is_a_token_is_taken_whole_only_where_merges_are_ignored()
    {
        JsonObject file = TokenizerFile.With("model.vocab", """{"a": 0, "b": 1, "ba": 2}""");
        TokenizerFile.Set(file, "model.merges", "[]");
        Assert.Equal([1, 0], TokenizerFile.Load(file).Encode("ba", false));
        TokenizerFile.Set(file, "model.ignore_merges", "true");
        Assert.Equal([2], TokenizerFile.Load(file).Encode("ba", false));
    }

    [Fact]
    public void Unknown_ids_are_known_as_such_and_decode_to_nothing()
    {
        Tokenizer tokenizer = TokenizerFile.Load(Added("""{"id": 20, "content": "<x>"}"""));
        Assert.Equal(21, tokenizer.VocabularySize);
        Assert.All<int>([-1, 15, 21, int.MaxValue, int.MinValue], id => Assert.False(tokenizer.IsKnown(id) || tokenizer.IsSpecial(id)));
        Assert.Equal("a<x>", tokenizer.Decode([0, -1, 15, 20, int.MaxValue], false));
        Assert.Equal("", tokenizer.TokenText(15));
        Assert.Empty(tokenizer.TokenBytes(15));
    }

    private static JsonObject Added(params string[] tokens) => TokenizerFile.With("added_tokens", $"[{string.Join(',', tokens)}]");

    // Every expected word is a token, so that the ids show where the text was cut.
    private static JsonObject WholeWords(string expected)
    {
        JsonObject file = TokenizerFile.With("model.ignore_merges", "true");
        var vocabulary = new JsonObject();
        foreach (string word in expected.Split('|').Distinct())
        {
            vocabulary[word] = vocabulary.Count;
        }

        TokenizerFile.Set(file, "model.vocab", vocabulary.ToJsonString());
        TokenizerFile.Set(file, "model.merges", "[]");
        return file;
    }

    private static string Words(JsonObject file, string text)
    {
        Tokenizer tokenizer = TokenizerFile.Load(file);
        return string.Join('|', tokenizer.Encode(text, false).Select(tokenizer.TokenText));
    }
}

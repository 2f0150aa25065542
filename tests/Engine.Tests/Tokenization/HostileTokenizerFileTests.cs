using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

public sealed class HostileTokenizerFileTests
{
    [Theory]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "Unigram")]
    [InlineData("model", "null", "model")]
    [InlineData("model", "[]", "model")]
    [InlineData("model.type", "7", "type")]
    [InlineData("model.vocab", "[]", "vocab")]
    [InlineData("model.vocab", """{"a": "0"}""", "integer")]
    [InlineData("model.vocab", """{"a": 1.5}""", "integer")]
    [InlineData("model.vocab", """{"a": -1}""", "-1")]
    [InlineData("model.vocab", """{"a": 2000000000}""", "2000000000")]
    [InlineData("model.vocab", """{"a": 99999999999}""", "integer")]
    [InlineData("model.vocab", """{"a": 0, "b": 0}""", "two texts")]
    [InlineData("model.merges", "{}", "list")]
    [InlineData("model.merges", """["a"]""", "two parts")]
    [InlineData("model.merges", """["a b c"]""", "two parts")]
    [InlineData("model.merges", """[["a", "b", "c"]]""", "two parts")]
    [InlineData("model.merges", """[[1, 2]]""", "string")]
    [InlineData("model.merges", """["a zz"]""", "vocabulary")]
    [InlineData("model.merges", """["b a"]""", "ba")]
    [InlineData("model.unk_token", "\"<unk>\"", "<unk>")]
    [InlineData("model.dropout", "0.5", "dropout")]
    [InlineData("model.byte_fallback", "\"yes\"", "byte_fallback")]
    [InlineData("model", """{"type": "Mystery", "vocab": {}}""", "Mystery")]
    [InlineData("model", """{"type": "Unigram", "vocab": {}}""", "vocab")]
    [InlineData("model", """{"type": "Unigram", "vocab": [["a"]]}""", "score")]
    [InlineData("model", """{"type": "Unigram", "vocab": [["", 0]]}""", "score")]
    [InlineData("model", """{"type": "Unigram", "vocab": [["a", 1e999]]}""", "score")]
    [InlineData("model", """{"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1}""", "unk_id")]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "unk_id")]
    [InlineData("model", """{"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "[UNK]"}""", "[UNK]")]
    [InlineData("model", """{"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "a", "max_input_chars_per_word": 100000}""", "max_input_chars_per_word")]
    [InlineData("model", """{"type": "WordLevel", "vocab": {"a": 0}}""", "unk_token")]
    [InlineData("normalizer", """{"type": "Mystery"}""", "Mystery")]
    [InlineData("normalizer", """{"type": "Precompiled"}""", "precompiled_charsmap")]
    [InlineData("normalizer", """{"type": "Precompiled", "precompiled_charsmap": "?"}""", "base64")]
    [InlineData("normalizer", """{"type": "Precompiled", "precompiled_charsmap": "/////w=="}""", "shorter")]
    [InlineData("normalizer", "{}", "type")]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {"Regex": "("}, "content": ""}""", "pattern")]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {}, "content": ""}""", "pattern")]
    [InlineData("pre_tokenizer", """{"type": "Mystery"}""", "Mystery")]
    [InlineData("pre_tokenizer", """{"type": "CharDelimiterSplit", "delimiter": "ab"}""", "one character")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"String": " "}, "behavior": "Exploded"}""", "Exploded")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"String": " "}, "behavior": "0"}""", "behavior")]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": 3}""", "pretokenizers")]
    [InlineData("pre_tokenizer", """{"type": "Metaspace", "replacement": "__"}""", "one character")]
    [InlineData("post_processor", """{"type": "Mystery"}""", "Mystery")]
    [InlineData("post_processor", """{"type": "BertProcessing", "cls": ["a"]}""", "cls")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "no"}}], "special_tokens": {}}""", "no")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}]}""", "repeats")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]}""", "second")]
    [InlineData("decoder", """{"type": "CTC"}""", "pad_token")]
    [InlineData("decoder", """{"type": "Mystery"}""", "Mystery")]
    [InlineData("pre_tokenizer", """{"type": "FixedLength", "length": 0}""", "length")]
    [InlineData("pre_tokenizer", """{"type": "Metaspace", "replacement": "_", "add_prefix_space": false, "prepend_scheme": "always"}""", "disagree")]
    [InlineData("post_processor", """{"type": "Sequence", "processors": [{"type": "TemplateProcessing", "single": []}, {"type": "TemplateProcessing", "single": []}]}""", "one template")]
    [InlineData("decoder", """{"type": "Strip", "content": " ", "start": -1, "stop": 0}""", "start")]
    [InlineData("added_tokens", "{}", "added_tokens")]
    [InlineData("added_tokens", """[{"id": 20}]""", "content")]
    [InlineData("added_tokens", """[{"id": 0, "content": "z"}]""", "two texts")]
    public void A_wrong_field_is_refused_with_a_sentence_that_names_it(string field, string json, string named)
    {
        var e = Assert.Throws<TokenizerException>(() => TokenizerFile.Load(TokenizerFile.With(field, json)));
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"\ud800": 0}, "merges": []}}""")]
    public void A_file_that_is_no_tokenizer_is_refused(string text) => Assert.Throws<TokenizerException>(() => TokenizerFile.LoadText(text));

    [Fact]
    public void Nesting_deeper_than_the_limit_is_refused()
    {
        string nested = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 200)) + string.Concat(Enumerable.Repeat("]}", 200));
        Assert.Throws<TokenizerException>(() => TokenizerFile.LoadText($$"""{"normalizer": {{nested}}}"""));
    }

    [Fact]
    public void A_missing_file_is_refused() => Assert.Throws<TokenizerException>(() => Tokenizer.Load(Path.Combine(Path.GetTempPath(), "no-such-model")));

    [Fact]
    public void An_expression_that_backtracks_for_ever_ends_with_an_error()
    {
        // The look-ahead keeps the expression from the engine that never backtracks.
        JsonObject file = TokenizerFile.With("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "(a|aa|a)+(?=z)"}, "behavior": "Isolated"}""");
        Tokenizer tokenizer = TokenizerFile.Load(file);
        Assert.Throws<TokenizerException>(() => tokenizer.Encode(new string('a', 200), false));
    }
}

using System.Text;
using AdapterServe.Engine.Tokenization;
using AdapterServe.Engine.Tokenization.Normalizers;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>What comes back of a text, for the tokenizers that lose nothing or only what their files say.</summary>
public sealed class RoundTripTests
{
    private const int Texts = 10_000;
    private static readonly string[] Specials = ["<s>", "</s>", "<|eot_id|>", "<|begin_of_text|>", "<|im_start|>", "<tool_call>", "<|endoftext|>", "<|", "|>"];

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    public void Byte_level_tokenizers_give_back_every_text_special_tokens_included(string family) => Check(family, text => text, Specials);

    [Theory]
    [InlineData("qwen2")]
    public void Byte_level_tokenizers_with_a_normal_form_give_back_the_normal_form(string family) =>
        Check(family, text => UnicodeNormalization.Shared.Normalize(text, NormalizationForm.FormC), Specials);

    [Theory]
    [InlineData("gemma2")]
    public void Byte_fallback_gives_back_every_text_but_the_visible_space(string family) => Check(family, text => text.Replace('\u2581', ' '));

    [Theory]
    [InlineData("llama2")]
    [InlineData("phi3")]
    public void Byte_fallback_behind_a_prepended_space_gives_back_the_text_without_it(string family) => Check(family, text => text.Replace('\u2581', ' '));

    [Theory]
    [InlineData("mistral")]
    public void A_space_that_stands_first_is_taken_for_the_one_that_would_be_prepended(string family) => Check(family, text =>
        text.Replace('\u2581', ' ') is var spaced && spaced.StartsWith(' ') ? spaced[1..] : spaced);

    private static void Check(string family, Func<string, string> expected, params string[] more)
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.Data("tokenizers", family));
        foreach (string text in GeneratedTexts.Make(20_262, Texts, more))
        {
            int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
            Assert.Equal(expected(text), tokenizer.Decode(ids, skipSpecialTokens: false));
            IncrementalDecoder streamed = tokenizer.CreateDecoder(skipSpecialTokens: false);
            Assert.Equal(expected(text), string.Concat(ids.Select(streamed.Append)) + streamed.Flush());
        }
    }
}

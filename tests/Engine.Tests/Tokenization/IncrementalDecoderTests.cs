using System.Text;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

public sealed class IncrementalDecoderTests
{
    public static TheoryData<string> Families => TokenizerCasesTests.Families;

    [Theory]
    [MemberData(nameof(Families))]
    public void Pieces_of_any_ids_add_up_to_the_whole_decoding_and_never_split_a_character(string family)
    {
        Tokenizer tokenizer = Tokenizer.Load(FamilyFolders.Model(family));
        var random = new Random(20_261);
        for (int round = 0; round < 400; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(0, 40)).Select(_ => random.Next(-1, tokenizer.VocabularySize + 1))];
            bool skip = round % 2 == 0;
            IncrementalDecoder decoder = tokenizer.CreateDecoder(skip);
            var text = new StringBuilder();
            foreach (int id in ids)
            {
                string piece = decoder.Append(id);
                Assert.False(piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0])));
                text.Append(piece);
            }

            text.Append(decoder.Flush());
            Assert.Equal(tokenizer.Decode(ids, skip), text.ToString());
        }
    }

    [Theory]
    [InlineData("llama3")]
    [InlineData("gpt2")]
    public void Byte_level_decoding_equals_decoding_all_bytes_at_once(string family)
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.Data("tokenizers", family));
        var random = new Random(7);
        for (int round = 0; round < 400; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(0, 40)).Select(_ => random.Next(0, tokenizer.VocabularySize))];
            byte[] bytes = [.. ids.SelectMany(tokenizer.TokenBytes)];
            Assert.Equal(Encoding.UTF8.GetString(bytes), tokenizer.Decode(ids, skipSpecialTokens: false));
        }
    }

    [Fact]
    public void An_unfinished_character_is_held_back_and_then_replaced()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.Data("tokenizers", "gpt2"));
        int[] smile = tokenizer.Encode("\U0001F600", addSpecialTokens: false);
        Assert.True(smile.Length > 1);
        IncrementalDecoder decoder = tokenizer.CreateDecoder(true);
        string[] pieces = [.. smile.Select(decoder.Append)];
        Assert.All(pieces[..^1], piece => Assert.Equal("", piece));
        Assert.Equal("\U0001F600", pieces[^1]);
        Assert.Equal("", decoder.Append(smile[0]));
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void Special_tokens_are_left_out_only_when_asked()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        int[] ids = [1, .. tokenizer.Encode("Hello", false), 2];
        Assert.Equal("Hello", tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.Equal("<|begin|>Hello<|end|>", tokenizer.Decode(ids, skipSpecialTokens: false));
        IncrementalDecoder decoder = tokenizer.CreateDecoder(skipSpecialTokens: true, [2]);
        Assert.Equal("Hello<|end|>", string.Concat(ids.Select(decoder.Append)) + decoder.Flush());
        Assert.True(tokenizer.IsSpecial(1));
        Assert.False(tokenizer.IsSpecial(ids[1]));
    }
}

using System.Text.Json.Nodes;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.Engine.Tokenization;
using AdapterServe.Engine.Tokenization.AdapterTokens;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>An adapter's folder over the small tokenizer with the added token <c>&lt;end&gt;</c>, id 11, which ends sequences.</summary>
public sealed class AdapterTokenizerTests : IDisposable
{
    private const int Vocabulary = 16;
    private readonly TemporaryFolder _folder = new();
    private readonly Tokenizer _base;
    private readonly AdapterTokenizerReader _reader;

    public AdapterTokenizerTests()
    {
        Write("base", "tokenizer.json", Base().ToJsonString());
        Write("base", "tokenizer_config.json", """{"eos_token":"<end>"}""");
        Directory.CreateDirectory(_folder.In("adapter"));
        _base = Tokenizer.Load(_folder.In("base"));
        _reader = new AdapterTokenizerReader(_base, _folder.In("base"));
    }

    public static TheoryData<string, string, string> Conflicts => new()
    {
        { "model.vocab.ab", "7", "model" },
        { "model.vocab.y", "11", "model" },
        { "model.merges", """["a b", "d e", ["ab", "c"]]""", "model" },
        { "model.merges", """["a b", ["ab", "c"]]""", "model" },
        { "model.ignore_merges", "true", "model" },
        { "model.type", "\"WordLevel\"", "model" },
        { "normalizer", """{"type":"NFC"}""", "normalizer" },
        { "pre_tokenizer", """{"type":"Whitespace"}""", "pre_tokenizer" },
        { "decoder", """{"type":"ByteLevel"}""", "decoder" },
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_without_these_files_has_the_bases() => Assert.Null(_reader.Read(_folder.In("adapter"), Vocabulary));

    [Fact]
    public void The_bases_file_in_another_notation_is_the_bases()
    {
        var file = Base();
        TokenizerFile.Set(file, "model.merges", """[["a","b"], "ab c", ["d","e"]]""");
        TokenizerFile.Set(file, "model.byte_fallback", "false");
        TokenizerFile.Set(file, "model.continuing_subword_prefix", "\"\"");
        TokenizerFile.Set(file, "model.vocab", new JsonObject(file["model"]!["vocab"]!.AsObject().Reverse().Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone()))).ToJsonString());
        TokenizerFile.Set(file, "truncation", """{"max_length":512}""");
        file.Remove("normalizer");
        Assert.Null(Read(file));
        Write("adapter", "tokenizer_config.json", """{"eos_token":"<end>","model_max_length":10}""");
        Assert.Null(Read(file));
    }

    [Fact]
    public void Added_tokens_are_found_in_text_and_have_text_beside_the_bases()
    {
        var own = Read(With((12, "<tool>", false), (14, "<hush>", true)))!;
        Assert.Equal([7, 12, 8, 11, 14], own.Encode("abc<tool>de<end><hush>", addSpecialTokens: false));
        Assert.Equal("abc<tool>de", own.Decode([7, 12, 8, 14, 11], skipSpecialTokens: true));
        Assert.Equal("<hush>", own.Decode([14, 13, 15], skipSpecialTokens: false));
        Assert.Equal((15, true, false), (own.VocabularySize, own.IsKnown(12), own.IsKnown(13)));
        Assert.True(own.TryGetId("<tool>", out var id) && id == 12 && own.TryGetId("abc", out id) && id == 7);
        Assert.Equal("<tool>"u8.ToArray(), own.TokenBytes(12));

        Assert.False(_base.IsKnown(12));
        Assert.DoesNotContain(12, _base.Encode("abc<tool>", addSpecialTokens: false));
    }

    [Fact]
    public void Tokens_may_stand_in_the_older_files()
    {
        Write("adapter", "added_tokens.json", """{"<tool>":13}""");
        Assert.Equal([6, 13], _reader.Read(_folder.In("adapter"), Vocabulary)!.Encode("ab<tool>", addSpecialTokens: false));
        Write("adapter", "tokenizer_config.json", """{"added_tokens_decoder":{"11":{"content":"<end>","special":true},"12":{"content":"<tool>","special":true}}}""");
        var own = _reader.Read(_folder.In("adapter"), Vocabulary)!;
        Assert.Equal([6, 12], own.Encode("ab<tool>", addSpecialTokens: false));
        Assert.True(own.IsSpecial(12));
    }

    [Fact]
    public void A_token_may_lie_where_the_base_has_room_without_a_text()
    {
        Assert.Equal([12], Read(With((12, "<tool>", false)), vocabulary: 13)!.Encode("<tool>", addSpecialTokens: false));
    }

    [Fact]
    public void The_adapters_post_processor_is_used()
    {
        var file = With((12, "<start>", true));
        file["post_processor"] = JsonNode.Parse("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<start>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<start>":{"ids":[12]}}}""");
        var own = Read(file)!;
        Assert.Equal([12, 6], own.Encode("ab", addSpecialTokens: true));
        Assert.Equal([6], own.Encode("ab", addSpecialTokens: false));
    }

    [Fact]
    public void Another_end_of_sequence_joins_the_bases()
    {
        Write("adapter", "tokenizer_config.json", """{"eos_token":{"content":"<over>"}}""");
        var own = Read(With((12, "<over>", true)))!;
        Assert.Equal([11, 12], own.Special.EosIds);
        Assert.Equal("<over>", own.Special.Texts["eos_token"]);
        Assert.Equal([11], _base.Special.EosIds);
    }

    [Theory]
    [MemberData(nameof(Conflicts))]
    public void A_tokenizer_that_is_another_one_is_refused_with_the_part_that_differs(string field, string json, string part)
    {
        var file = With((12, "<tool>", false));
        TokenizerFile.Set(file, field, json);
        Assert.Contains($"\"{part}\"", Assert.Throws<TokenizerException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_that_no_embedding_has_or_that_the_base_has_otherwise_are_refused()
    {
        Assert.Contains("16", Assert.Throws<TokenizerException>(() => Read(With((16, "<tool>", false)))).Message, StringComparison.Ordinal);
        Assert.Throws<TokenizerException>(() => Read(With((-1, "<tool>", false))));
        Assert.Contains("another text", Assert.Throws<TokenizerException>(() => Read(With((7, "<tool>", false)))).Message, StringComparison.Ordinal);
        Assert.Contains("another text", Assert.Throws<TokenizerException>(() => Read(With((11, "<tool>", false)))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"model":1}""")]
    [InlineData("""{"added_tokens":[{"id":"x"}]}""")]
    public void A_malformed_file_is_refused(string text)
    {
        Write("adapter", "tokenizer.json", text);
        Assert.Throws<TokenizerException>(() => _reader.Read(_folder.In("adapter"), Vocabulary));
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder":{"x":{"content":"a"}}}""")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder":[]}""")]
    [InlineData("tokenizer_config.json", "7")]
    [InlineData("added_tokens.json", """{"a":"b"}""")]
    [InlineData("added_tokens.json", """{"\ud800":12}""")]
    public void A_malformed_companion_is_refused(string name, string text)
    {
        Write("adapter", name, text);
        Assert.Throws<TokenizerException>(() => _reader.Read(_folder.In("adapter"), Vocabulary));
    }

    [Fact]
    public void Files_and_tokens_far_beyond_the_bases_are_refused()
    {
        var file = With([.. Enumerable.Range(0, 3).Select(i => (12 + i, new string((char)('p' + i), 50_000), false))]);
        Assert.Contains("characters", Assert.Throws<TokenizerException>(() => Read(file)).Message, StringComparison.Ordinal);
        Write("adapter", "tokenizer.json", new string(' ', 2 << 20));
        Assert.Contains("larger", Assert.Throws<TokenizerException>(() => _reader.Read(_folder.In("adapter"), Vocabulary)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused()
    {
        var (random, read) = (new Random(7), 0);
        byte[] marks = [.. "\"{}[],:019-eE.\\u tfn"u8, 0, 0xFF];
        var sound = System.Text.Encoding.UTF8.GetBytes(With((12, "<tool>", false), (13, "\u00e9\ud83d\ude00", true)).ToJsonString());
        for (var round = 0; round < 3000; round++)
        {
            var damaged = (byte[])sound.Clone();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = marks[random.Next(marks.Length)];
            }

            File.WriteAllBytes(Path.Combine(_folder.In("adapter"), "tokenizer.json"), damaged);
            try
            {
                _reader.Read(_folder.In("adapter"), Vocabulary);
                read++;
            }
            catch (TokenizerException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        }

        Assert.InRange(read, 1, 2999);
    }

    private static JsonObject Base()
    {
        var file = TokenizerFile.Small();
        file["added_tokens"] = JsonNode.Parse("""[{"id":11,"content":"<end>","special":true}]""");
        return file;
    }

    private static JsonObject With(params (int Id, string Text, bool Special)[] tokens)
    {
        var file = Base();
        foreach (var (id, text, special) in tokens)
        {
            file["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject { ["id"] = id, ["content"] = text, ["special"] = special });
        }

        return file;
    }

    private Tokenizer? Read(JsonObject file, int vocabulary = Vocabulary)
    {
        Write("adapter", "tokenizer.json", file.ToJsonString());
        return _reader.Read(_folder.In("adapter"), vocabulary);
    }

    private void Write(string folder, string name, string text)
    {
        Directory.CreateDirectory(_folder.In(folder));
        File.WriteAllText(Path.Combine(_folder.In(folder), name), text);
    }
}

using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>What stands beside tokenizer.json.</summary>
public sealed class TokenizerConfigTests
{
    [Fact]
    public void The_flags_of_the_settings_replace_those_of_the_file()
    {
        JsonObject file = TokenizerFile.With("added_tokens", """[{"id": 20, "content": "<r>", "special": false}]""");
        Tokenizer tokenizer = Load(file, ("tokenizer_config.json", """{"added_tokens_decoder": {"20": {"content": "<r>", "special": true, "rstrip": true}}}"""));
        Assert.Equal([20, 0], tokenizer.Encode("<r>  a", false));
        Assert.Equal("a", tokenizer.Decode([20, 0], skipSpecialTokens: true));
    }

    [Fact]
    public void A_token_with_a_role_is_found_in_text_and_special_although_the_file_does_not_list_it()
    {
        Tokenizer tokenizer = Load(TokenizerFile.Small(), ("tokenizer_config.json", """{"eos_token": {"content": "abc"}, "additional_special_tokens": ["de"], "pad_token": "<pad>"}"""));
        Assert.Equal([0, 8, 7, 4], tokenizer.Encode("adeabce", false));
        Assert.Equal("ae", tokenizer.Decode([0, 8, 7, 4], skipSpecialTokens: true));
        Assert.Equal([7], tokenizer.Special.EosIds);
        Assert.Null(tokenizer.Special.PadId);
        Assert.Equal("<pad>", tokenizer.Special.Texts["pad_token"]);
    }

    [Fact]
    public void The_older_map_of_special_tokens_is_read_where_the_settings_are_silent()
    {
        Tokenizer tokenizer = Load(
            TokenizerFile.Small(), ("tokenizer_config.json", """{"bos_token": "a"}"""), ("special_tokens_map.json", """{"bos_token": "b", "unk_token": {"content": "?"}}"""));
        Assert.Equal(["a", "?"], tokenizer.Special.Texts.Values);
    }

    [Fact]
    public void Wishes_for_a_begin_or_end_token_do_not_count_beside_a_post_processor()
    {
        Tokenizer tokenizer = Load(TokenizerFile.Small(), ("tokenizer_config.json", """{"bos_token": "a", "eos_token": "b", "add_bos_token": true, "add_eos_token": true}"""));
        Assert.Equal([2], tokenizer.Encode("c", addSpecialTokens: true));
    }

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("{", "JSON")]
    [InlineData("""{"bos_token": 3}""", "string")]
    [InlineData("""{"added_tokens_decoder": {"x": {"content": "a"}}}""", "x")]
    [InlineData("""{"added_tokens_decoder": {"1": {}}}""", "content")]
    [InlineData("""{"split_special_tokens": true}""", "split_special_tokens")]
    [InlineData("""{"additional_special_tokens": "a"}""", "list")]
    public void Malformed_settings_are_refused(string settings, string named) => Assert.Contains(
        named, Assert.Throws<TokenizerException>(() => Load(TokenizerFile.Small(), ("tokenizer_config.json", settings))).Message, StringComparison.Ordinal);

    private static Tokenizer Load(JsonObject file, params (string Name, string Text)[] others)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenizer-");
        try
        {
            foreach ((string name, string text) in others.Append(("tokenizer.json", file.ToJsonString())))
            {
                File.WriteAllText(Path.Combine(folder.FullName, name), text);
            }

            return Tokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

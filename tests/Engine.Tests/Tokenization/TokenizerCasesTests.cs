using System.Text.Json;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>Encodings and decodings that the reference implementation recorded.</summary>
public sealed class TokenizerCasesTests
{
    public static TheoryData<string> Families => [.. FamilyFolders.Names];

    /// <summary>The goldens with cases of their own.</summary>
    public static TheoryData<string> Goldens =>
    [
        .. Directory.GetFiles(RepositoryFiles.Data("goldens"), "*.json").Where(file => RepositoryFiles.Json(file).TryGetProperty("cases", out _))
            .Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_recorded_text_encodes_and_decodes_as_in_the_reference(string family)
    {
        Tokenizer tokenizer = Tokenizer.Load(FamilyFolders.Model(family));
        JsonElement[] cases = [.. RepositoryFiles.Json(FamilyFolders.Cases(family, "tokenizer_cases.json")).GetProperty("cases").EnumerateArray()];
        Assert.True(cases.Length > 20);
        Assert.All(cases, item =>
        {
            string text = item.GetProperty("text").GetString()!;
            int[] ids = Ids(item, "ids");
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(Ids(item, "ids_with_special"), tokenizer.Encode(text, addSpecialTokens: true));
            Assert.Equal(item.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
        });
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Golden_prompts_and_answers_are_tokenized_as_in_the_reference(string golden)
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        JsonElement[] cases = [.. RepositoryFiles.Json(RepositoryFiles.Data("goldens", golden)).GetProperty("cases").EnumerateArray()];
        Assert.NotEmpty(cases);
        Assert.All(cases, item =>
        {
            Assert.Equal(Ids(item, "prompt_ids"), tokenizer.Encode(item.GetProperty("prompt").GetString()!, addSpecialTokens: true));
            if (item.TryGetProperty("greedy_text", out JsonElement answer))
            {
                Assert.Equal(answer.GetString(), tokenizer.Decode(Ids(item, "greedy_ids"), skipSpecialTokens: true));
            }
        });
    }

    [Fact]
    public void A_chat_prompt_written_as_text_yields_the_ids_of_its_special_tokens()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        int[] ids = tokenizer.Encode("<|user|>a<|end|>", addSpecialTokens: true);
        Assert.Equal([1, 4, tokenizer.Encode("a", false).Single(), 2], ids);
    }

    [Fact]
    public void Special_tokens_come_from_the_folders_settings()
    {
        SpecialTokens demo = Tokenizer.Load(RepositoryFiles.DemoModel).Special;
        Assert.Equal(1, demo.BosId);
        Assert.Equal(0, demo.PadId);
        Assert.Equal([2], demo.EosIds);
        Assert.Equal("<|begin|>", demo.Texts["bos_token"]);

        SpecialTokens llama = Tokenizer.Load(RepositoryFiles.Data("tokenizers", "llama3")).Special;
        Assert.Equal([645, 649], llama.EosIds);
        Assert.False(llama.Texts.ContainsKey("pad_token"));
        Assert.Equal([1, 6], Tokenizer.Load(RepositoryFiles.Data("tokenizers", "gemma2")).Special.EosIds);
    }

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}

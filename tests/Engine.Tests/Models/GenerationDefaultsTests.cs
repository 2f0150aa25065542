using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Models;

public sealed class GenerationDefaultsTests
{
    [Fact]
    public void Every_field_that_is_served_is_read()
    {
        GenerationDefaults defaults = Read("""
            {"do_sample": true, "temperature": 0.6, "top_p": 0.9, "top_k": 20, "min_p": 0.05, "repetition_penalty": 1.1, "max_new_tokens": 100, "eos_token_id": [1, 2], "num_beams": 1}
            """);
        Assert.Equal(
            new GenerationDefaults { Temperature = 0.6f, TopP = 0.9f, TopK = 20, MinP = 0.05f, RepetitionPenalty = 1.1f, MaxTokens = 100 }, defaults);
    }

    [Theory]
    [InlineData("""{"do_sample": false, "temperature": 0.6}""", 0f)]
    [InlineData("""{"temperature": 0.6}""", 0.6f)]
    [InlineData("""{"do_sample": true}""", 1f)]
    [InlineData("""{"temperature": null, "do_sample": null}""", 1f)]
    [InlineData("{}", 1f)]
    public void Only_a_file_that_says_so_makes_the_default_greedy(string file, float temperature) => Assert.Equal(temperature, Read(file).Temperature);

    [Fact]
    public void A_folder_without_the_file_has_OpenAIs_defaults()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(GenerationDefaults.None, GenerationDefaultsReader.Read(folder.Path));
    }

    [Theory]
    [InlineData("""{"temperature": -1}""", "temperature")]
    [InlineData("""{"temperature": "hot"}""", "temperature")]
    [InlineData("""{"temperature": 1e99}""", "temperature")]
    [InlineData("""{"top_p": 0}""", "top_p")]
    [InlineData("""{"top_p": 1.5}""", "top_p")]
    [InlineData("""{"top_k": 1.5}""", "top_k")]
    [InlineData("""{"top_k": -2}""", "top_k")]
    [InlineData("""{"min_p": 2}""", "min_p")]
    [InlineData("""{"repetition_penalty": 0}""", "repetition_penalty")]
    [InlineData("""{"do_sample": "yes"}""", "do_sample")]
    [InlineData("""{"max_new_tokens": 0}""", "max_new_tokens")]
    [InlineData("[]", "object")]
    [InlineData("{", "JSON")]
    public void A_wrong_value_is_refused_with_its_field(string file, string named)
    {
        var e = Assert.Throws<ModelImportException>(() => Read(file));
        Assert.Contains("generation_config.json", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", """{"vocab_size": 10}""")]
    [InlineData("config.json", """{"text_config": {"vocab_size": 10}}""")]
    [InlineData("genai_config.json", """{"model": {"vocab_size": 10}}""")]
    public void A_tokenizer_with_ids_that_the_model_has_no_rows_for_is_refused(string name, string config)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.In(name), config);
        var e = Assert.Throws<ModelImportException>(() => ModelVocabulary.Check(folder.Path, Tokenizer.Load(RepositoryFiles.DemoModel)));
        Assert.Contains("1023", e.Message, StringComparison.Ordinal);
        Assert.Contains("vocab_size is 10", e.Message, StringComparison.Ordinal);
        ModelVocabulary.Check(RepositoryFiles.DemoModel, Tokenizer.Load(RepositoryFiles.DemoModel));
    }

    [Fact]
    public void A_few_tokens_without_rows_are_no_other_tokenizer()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.In("config.json"), """{"vocab_size": 1020}""");
        ModelVocabulary.Check(folder.Path, Tokenizer.Load(RepositoryFiles.DemoModel));
        File.WriteAllText(folder.In("config.json"), """{"vocab_size": 900}""");
        Assert.Throws<ModelImportException>(() => ModelVocabulary.Check(folder.Path, Tokenizer.Load(RepositoryFiles.DemoModel)));
    }

    private static GenerationDefaults Read(string file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.In("generation_config.json"), file);
        return GenerationDefaultsReader.Read(folder.Path);
    }
}

using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

/// <summary>What the files beside the weights say: tokenizer, template, defaults. A folder is the demo model's with one of them changed.</summary>
public sealed class TextFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("adapterserve-e2e-");

    private string Model => Path.Combine(_folder.FullName, "model");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("tokenizer.json", null, "has no tokenizer.json")]
    [InlineData("tokenizer.json", "{\"model\": {\"type\": \"BPE\"", "tokenizer.json is not valid JSON")]
    [InlineData("tokenizer.json", "{\"model\": {\"type\": \"Mystery\"}}", "Mystery")]
    [InlineData("tokenizer.json", "{\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 5000}}}", "vocab_size is 1024")]
    [InlineData("tokenizer_config.json", "[]", "tokenizer_config.json must hold a JSON object")]
    [InlineData("tokenizer_config.json", "{\"chat_template\": \"{% for %}\"}", "chat template is malformed in line 1")]
    [InlineData("chat_template.jinja", "a\n{{ 'b }}", "chat template is malformed in line 2")]
    [InlineData("generation_config.json", "{\"top_p\": 7}", "generation_config.json: 'top_p'")]
    public async Task A_wrong_file_ends_the_start_with_one_sentence_and_code_2_and_leaves_nothing(string name, string? text, string reason)
    {
        CopyDemo();
        File.Delete(Path.Combine(Model, "chat_template.jinja"));
        File.Delete(Path.Combine(Model, name));
        if (text is not null)
        {
            File.WriteAllText(Path.Combine(Model, name), text);
        }

        var (exitCode, log) = await ServerProcess.RunAsync(["--model", Model], Data);
        var sentence = Assert.Single(log.Split('\n'), line => line.StartsWith("adapterserve: ", StringComparison.Ordinal));
        Assert.Contains(reason, sentence, StringComparison.Ordinal);
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Data, "models")));
    }

    [Fact]
    public async Task The_models_defaults_and_context_hold_for_requests_that_say_nothing()
    {
        CopyDemo();
        File.WriteAllText(Path.Combine(Model, "generation_config.json"), """{"do_sample": false, "max_new_tokens": 3, "eos_token_id": 2}""");
        await using var server = await ServerProcess.StartAsync(["--model", Model, "--model-id", "mine"], Data);
        var card = JsonNode.Parse(await server.Client.GetStringAsync("/v1/models/mine", TestContext.Current.CancellationToken))!;
        Assert.Equal(("mine", 1024), (card["id"]!.GetValue<string>(), card["max_model_len"]!.GetValue<int>()));

        var greedy = await AskAsync(server, """{"model": "mine", "messages": [{"role": "user", "content": "Who are you?"}], "temperature": 0, "max_tokens": 8}""");
        for (int i = 0; i < 3; i++)
        {
            var silent = await AskAsync(server, """{"model": "mine", "messages": [{"role": "user", "content": "Who are you?"}]}""");
            Assert.Equal(3, silent.Tokens);
            Assert.StartsWith(silent.Text, greedy.Text, StringComparison.Ordinal);
        }

        Assert.True(greedy.Tokens > 3);
    }

    private static async Task<(string Text, int Tokens)> AskAsync(ServerProcess server, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await server.Client.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.True(answer.IsSuccessStatusCode, json.ToJsonString());
        return (json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), json["usage"]!["completion_tokens"]!.GetValue<int>());
    }

    private void CopyDemo()
    {
        Directory.CreateDirectory(Model);
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "models", "demo", "base")))
        {
            File.Copy(file, Path.Combine(Model, Path.GetFileName(file)));
        }
    }
}

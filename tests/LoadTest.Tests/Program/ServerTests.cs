using System.Text.Json;
using AdapterServe.EndToEnd.Tests.Support;
using AdapterServe.LoadTest.Synthesis;
using AdapterServe.LoadTest.Tests.Support;

namespace AdapterServe.LoadTest.Tests.Program;

/// <summary>The program against the real server.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-load-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_demo_model_and_its_eight_adapters_answer_everything_in_full()
    {
        await using var server = await ServerProcess.StartAsync([]);
        var (exitCode, output, error) = await LoadProgram.RunAsync(
            "run", server.Address.ToString(), "--clients", "8", "--requests", "48", "--popularity", "distinct", "--prompt-tokens", "uniform:8-40",
            "--output-tokens", "uniform:4-20",
            "--json", At("run.json"), "--csv", At("run.csv"), "--html", At("run.html"));
        Assert.True(exitCode == 0, output + error);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(At("run.json"), Cancellation));
        var requests = report.RootElement.GetProperty("requests");
        Assert.Equal(
            (48, 48, 0),
            (requests.GetProperty("measured").GetInt32(), requests.GetProperty("succeeded").GetInt32(), requests.GetProperty("short").GetInt32()));
        Assert.Equal(8, report.RootElement.GetProperty("adapters").GetArrayLength());
        Assert.All(
            report.RootElement.GetProperty("adapters").EnumerateArray(), adapter => Assert.Equal(6, adapter.GetProperty("requests").GetInt32()));
        var rows = (await File.ReadAllLinesAsync(At("run.csv"), Cancellation)).Skip(1).Select(row => row.Split(',')).ToArray();
        // Prompts are token ids, and the server counts as many as were planned; answers are as long as asked.
        Assert.All(rows, row => Assert.InRange(int.Parse(row[8], System.Globalization.CultureInfo.InvariantCulture), 8, 40));
        Assert.All(rows, row => Assert.Equal(row[9], row[10]));
        Assert.Contains("yoda", await File.ReadAllTextAsync(At("run.html"), Cancellation), StringComparison.Ordinal);
        Assert.Contains("Jain's index over 8 adapters", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Over_gRPC_everything_is_answered_in_full_too(bool isChat)
    {
        await using var server = await ServerProcess.StartAsync([]);
        string[] form = isChat ? ["--chat", "--popularity", "uniform"] : ["--popularity", "distinct", "--together", "2"];
        var (exitCode, output, error) = await LoadProgram.RunAsync(
            ["run", server.GrpcAddress.ToString(), "--protocol", "grpc", "--clients", "8", "--requests", "24", "--output-tokens", "6", "--json", At("grpc.json"), .. form]);
        Assert.True(exitCode == 0, output + error);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(At("grpc.json"), Cancellation));
        var requests = report.RootElement.GetProperty("requests");
        Assert.Equal((24, 0), (requests.GetProperty("succeeded").GetInt32(), requests.GetProperty("short").GetInt32()));
    }

    [Fact]
    public async Task Made_adapters_of_every_kind_are_taken_and_an_upload_goes_on_where_it_stopped()
    {
        string[] shape =
        [
            "--layers", "2", "--hidden", "64", "--heads", "4", "--kv-heads", "2", "--head-size", "16", "--ff", "128", "--vocab", "300", "--context",
            "512",
        ];
        Assert.Equal(0, (await LoadProgram.RunAsync(["make-model", At("model"), "--dtype", "bf16", .. shape])).ExitCode);
        var kinds = AdapterRecipes.Kinds.Keys.ToArray();
        await using var server = await ServerProcess.StartAsync(["--model", At("model")]);
        var url = server.Address.ToString();

        var (made, _, error) = await LoadProgram.RunAsync(
            "make-adapters", At("model"), At("adapters"), "--kinds", "all", "--count", "2", "--rank", "4", "--dtype", "f16");
        Assert.True(made == 0, error);
        var first = await LoadProgram.RunAsync("upload", url, At("adapters/lora-00"));
        Assert.True(first is { ExitCode: 0, Output: "1 uploaded, 0 were there, 0 refused\n" }, first.Output + first.Error);
        var rest = await LoadProgram.RunAsync("upload", url, At("adapters"), "--parallel", "3");
        Assert.True(rest.ExitCode == 0, rest.Output + rest.Error);
        Assert.Equal($"{(2 * kinds.Length) - 1} uploaded, 1 were there, 0 refused\n", rest.Output);

        var (exitCode, output, failure) = await LoadProgram.RunAsync(
            "run", url, "--rate", "200", "--requests", $"{4 * kinds.Length}", "--popularity", "distinct", "--output-tokens", "3", "--text", "--json",
            At("kinds.json"));
        Assert.True(exitCode == 0, output + failure);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(At("kinds.json"), Cancellation));
        Assert.Equal(2 * kinds.Length, report.RootElement.GetProperty("adapters").GetArrayLength());
    }

    [Fact]
    public async Task A_made_models_tokenizer_gives_back_any_text()
    {
        var shape = new ModelShape
        {
            Layers = 1, Hidden = 16, Heads = 2, KvHeads = 1, HeadSize = 8, FeedForward = 16, Vocabulary = 300, Context = 64,
        };
        ModelMaker.Write(_folder, shape, AdapterStore.Formats.Safetensors.SafetensorsType.F32, 1);
        await using var server = await ServerProcess.StartAsync(["--model", _folder]);
        const string Text = "Every byte: é, €, 😀, \n\t.";
        using var counted = await server.Client.PostAsync("/tokenize", Json(new { prompt = Text, add_special_tokens = false }), Cancellation);
        using var tokens = JsonDocument.Parse(await counted.Content.ReadAsStringAsync(Cancellation));
        var ids = tokens.RootElement.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32()).ToArray();
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(Text), ids.Length);
        using var back = await server.Client.PostAsync("/detokenize", Json(new { tokens = ids }), Cancellation);
        using var text = JsonDocument.Parse(await back.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(Text, text.RootElement.GetProperty("prompt").GetString());
    }

    private static StringContent Json(object body) => new(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");

    private string At(string name) => Path.Combine(_folder, name);
}

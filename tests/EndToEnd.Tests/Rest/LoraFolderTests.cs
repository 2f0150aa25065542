using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>vLLM's calls that load adapters from the server's own disk.</summary>
public sealed class LoraFolderTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-loras-").FullName;
    private ServerProcess? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Outside => Path.Combine(_folder, "outside");

    private HttpClient Client => _server!.Client;

    public async ValueTask InitializeAsync()
    {
        var loras = Directory.CreateDirectory(Path.Combine(_folder, "loras")).FullName;
        Copy("pirate-lora", Path.Combine(loras, "pirate"));
        Copy("polite-lora", Path.Combine(loras, "polite"));
        Copy("robot-lora-pattern", Outside);
        // As a hub's cache lays a snapshot out: links to files beside it.
        Directory.CreateDirectory(Path.Combine(loras, "snapshot"));
        foreach (var file in Directory.GetFiles(Path.Combine(loras, "pirate")))
        {
            File.CreateSymbolicLink(Path.Combine(loras, "snapshot", Path.GetFileName(file)), Path.Combine("..", "pirate", Path.GetFileName(file)));
        }

        await File.WriteAllTextAsync(Path.Combine(loras, "pirate", ".gitattributes"), "*", Cancellation);
        File.CreateSymbolicLink(Path.Combine(loras, "way-out"), Outside);
        Directory.CreateDirectory(Path.Combine(loras, "one-out"));
        File.CreateSymbolicLink(Path.Combine(loras, "one-out", "adapter_config.json"), Path.Combine(Outside, "adapter_config.json"));
        _server = await ServerProcess.StartAsync(["--lora-folders", loras, "--no-demo"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_folder_is_loaded_served_replaced_and_taken_away()
    {
        Assert.Equal((200, "Success: LoRA adapter 'sql' added successfully."), await PostAsync("load", """{"lora_name":"sql","lora_path":"pirate"}"""));
        var golden = Golden.Read("pirate-lora")[0];
        var answer = await Client.PostAsync("/v1/completions", new JsonObject { ["model"] = "sql", ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true });
        Assert.Equal(golden.GreedyIds, answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));
        var card = (await Client.GetJsonAsync("/v1/models"))["data"]!.AsArray().Single(model => model!["id"]!.GetValue<string>() == "sql")!;
        var digest = (await Client.GetJsonAsync("/v1/adapters/sql"))["digest"]!.GetValue<string>();
        Assert.Equal(("demo", digest), (card["parent"]!.GetValue<string>(), card["root"]!.GetValue<string>()));
        Assert.Equal(400, (await PostAsync("load", """{"lora_name":"sql","lora_path":"polite"}""")).Status);
        var polite = Path.Combine(_folder, "loras", "polite");
        Assert.Equal(200, (await PostAsync("load", new JsonObject { ["lora_name"] = "sql", ["lora_path"] = polite, ["load_inplace"] = true }.ToJsonString())).Status);
        Assert.Equal(2, (await Client.GetJsonAsync("/v1/adapters/sql"))["version"]!.GetValue<int>());
        Assert.Equal((200, "Success: LoRA adapter 'sql' removed successfully."), await PostAsync("unload", """{"lora_name":"sql"}"""));
        Assert.Equal(404, (await PostAsync("unload", """{"lora_name":"sql"}""")).Status);
        // The digest is that of an upload of the same files.
        Assert.Equal(200, (await PostAsync("load", """{"lora_name":"linked","lora_path":"./snapshot"}""")).Status);
        using var put = await Client.PutFilesAsync("linked", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
    }

    [Theory]
    [InlineData("../outside", 403, "lora_path_outside")]
    [InlineData("pirate/../../outside", 403, "lora_path_outside")]
    [InlineData("/etc", 403, "lora_path_outside")]
    [InlineData("/", 403, "lora_path_outside")]
    [InlineData(".", 403, "lora_path_outside")]
    [InlineData("way-out", 403, "lora_path_outside")]
    [InlineData("way-out/.", 403, "lora_path_outside")]
    [InlineData("one-out", 403, "lora_path_outside")]
    [InlineData("nothing", 404, "lora_path_missing")]
    [InlineData("pirate/adapter_config.json", 404, "lora_path_missing")]
    [InlineData("hub-user/hub-name", 404, "lora_path_missing")]
    [InlineData("", 403, "lora_path_outside")]
    [InlineData("pirate\u0000", 403, "lora_path_outside")]
    public async Task What_lies_outside_is_refused_and_never_read(string path, int status, string code)
    {
        using var response = await Client.PostAsync("/v1/load_lora_adapter", Api.Json(new JsonObject { ["lora_name"] = "x", ["lora_path"] = path }.ToJsonString()), Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((status, code), ((int)response.StatusCode, error.GetProperty("code").GetString()));
        Assert.DoesNotContain(_folder, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_option_nothing_is_loaded()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo"]);
        foreach (var call in new[] { "load", "unload" })
        {
            using var response = await server.Client.PostAsync($"/v1/{call}_lora_adapter", Api.Json("""{"lora_name":"x","lora_path":"/etc"}"""), Cancellation);
            Assert.Equal((HttpStatusCode.Forbidden, "lora_folders_off"), (response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        }
    }

    private static void Copy(string adapter, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in Api.Files(Repository.Adapter(adapter)))
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }
    }

    private async Task<(int Status, string Text)> PostAsync(string call, string body)
    {
        using var response = await Client.PostAsync($"/v1/{call}_lora_adapter", Api.Json(body), Cancellation);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Uploads in pieces, by a real client of the protocol, at a server that dies meanwhile.</summary>
public sealed class ResumableUploadTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-tus-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_client_goes_on_where_a_killed_server_was_and_what_it_sent_serves()
    {
        var client = await Programs.InstallFromNpmAsync("tus");
        var archive = Path.Combine(_folder, "adapter.zip");
        Pack(archive);
        var data = Path.Combine(_folder, "data");
        await using var server = await ServerProcess.StartAsync(["--no-demo"], data);
        var start = new ProcessStartInfo("node", ["client.mjs", new Uri(server.Address, "/v1/uploads").ToString(), archive, "a"])
        {
            WorkingDirectory = client, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync(Cancellation);
        Assert.Equal("halfway", await node.StandardOutput.ReadLineAsync(Cancellation));
        server.Kill();
        await server.ExitAsync(Tolerances.Ready);
        await node.StandardInput.WriteLineAsync("go on");
        await using var successor = await ServerProcess.StartAsync(["--no-demo", "--port", server.Address.Port.ToString(CultureInfo.InvariantCulture)], data);
        var location = await node.StandardOutput.ReadLineAsync(Cancellation);
        await node.WaitForExitAsync(Cancellation);
        Assert.True(node.ExitCode == 0, await errors);
        var (states, last) = await FollowAsync(successor, new Uri(location!).AbsolutePath);
        Assert.Equal("ready", states[^1]);
        Assert.Equal(1, last["version"]!.GetValue<int>());
        var adapter = await successor.Client.GetJsonAsync("/v1/adapters/a");
        Assert.Equal(last["digest"]!.GetValue<string>(), adapter["digest"]!.GetValue<string>());
        Assert.Equal("blue", adapter["labels"]!["team"]!.GetValue<string>());
        var golden = Golden.Read("pirate-lora")[0];
        var answer = await successor.Client.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = "a", ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true,
        });
        Assert.Equal(golden.GreedyIds, answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));
    }

    [Fact]
    public async Task The_protocol_is_held_to()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--max-upload-mb", "1"]);
        using var options = await SendAsync(server, HttpMethod.Options, "/v1/uploads");
        Assert.Equal((204, "1.0.0", "2097152"), ((int)options.StatusCode, options.Headers.GetValues("Tus-Version").Single(), options.Headers.GetValues("Tus-Max-Size").Single()));
        var name = "name " + Base64("a");
        await RefusedAsync(412, "unsupported_tus_version", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "3"), ("Upload-Metadata", name), ("Tus-Resumable", "0.2.2")));
        await RefusedAsync(400, "missing_required_parameter", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Metadata", name)));
        await RefusedAsync(400, "missing_required_parameter", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "3")));
        await RefusedAsync(400, "invalid_value", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "0"), ("Upload-Metadata", name)));
        await RefusedAsync(400, "invalid_value", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "3"), ("Upload-Metadata", name + ",owner YQ==")));
        await RefusedAsync(400, "invalid_value", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "3"), ("Upload-Metadata", "name !")));
        await RefusedAsync(400, "invalid_name", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "3"), ("Upload-Metadata", "name " + Base64("../x"))));
        await RefusedAsync(413, "upload_too_large", SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "99999999"), ("Upload-Metadata", name)));
        await RefusedAsync(404, "upload_not_found", SendAsync(server, HttpMethod.Get, "/v1/uploads/0123"));

        using var created = await SendAsync(server, HttpMethod.Post, "/v1/uploads", ("Upload-Length", "6"), ("Upload-Metadata", name));
        Assert.Equal(201, (int)created.StatusCode);
        var place = created.Headers.Location!.ToString();
        await RefusedAsync(409, "offset_mismatch", PatchAsync(server, place, 3, "abc"));
        await RefusedAsync(413, "upload_too_large", PatchAsync(server, place, 0, "abcdefg"));
        await RefusedAsync(415, "unsupported_content_type", PatchAsync(server, place, 0, "abc", "application/zip"));
        using var half = await PatchAsync(server, place, 0, "abc");
        Assert.Equal((204, "3"), ((int)half.StatusCode, half.Headers.GetValues("Upload-Offset").Single()));
        using var head = await SendAsync(server, HttpMethod.Head, place);
        Assert.Equal((200, "3", "6"), ((int)head.StatusCode, head.Headers.GetValues("Upload-Offset").Single(), head.Headers.GetValues("Upload-Length").Single()));
        using var whole = await PatchAsync(server, place, 3, "def");
        Assert.Equal(204, (int)whole.StatusCode);
        var (_, refused) = await FollowAsync(server, place);
        Assert.Equal(("refused", "tar_damaged"), (refused["state"]!.GetValue<string>(), refused["code"]!.GetValue<string>()));
        using var ended = await SendAsync(server, HttpMethod.Delete, place);
        Assert.Equal(204, (int)ended.StatusCode);
        await RefusedAsync(404, "upload_not_found", SendAsync(server, HttpMethod.Delete, place));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static void Pack(string path)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, content) in Api.Files(Repository.Adapter("pirate-lora")))
        {
            Add(name, content);
        }

        var noise = new byte[2 << 20];
        new Random(1).NextBytes(noise);
        Add("notes.bin", noise);

        void Add(string name, byte[] content)
        {
            using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            entry.Write(content);
        }
    }

    private static async Task<(List<string> States, JsonNode Last)> FollowAsync(ServerProcess server, string place)
    {
        var states = new List<string>();
        JsonNode? last = null;
        using var reader = new StreamReader(await server.Client.GetStreamAsync(place + ":events", Cancellation));
        while (await reader.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                states.Add(line["event: ".Length..]);
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                last = JsonNode.Parse(line["data: ".Length..]);
            }
        }

        return (states, last!);
    }

    private static async Task RefusedAsync(int status, string code, Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        Assert.Equal((status, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    private static async Task<HttpResponseMessage> PatchAsync(ServerProcess server, string place, long offset, string bytes, string type = "application/offset+octet-stream")
    {
        using var request = Request(HttpMethod.Patch, place, ("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture)));
        request.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(bytes)) { Headers = { ContentType = new(type) } };
        return await server.Client.SendAsync(request, Cancellation);
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerProcess server, HttpMethod method, string place, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, place, headers);
        return await server.Client.SendAsync(request, Cancellation);
    }

    private static HttpRequestMessage Request(HttpMethod method, string place, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, place);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (headers.All(header => header.Name != "Tus-Resumable"))
        {
            request.Headers.Add("Tus-Resumable", "1.0.0");
        }

        return request;
    }
}

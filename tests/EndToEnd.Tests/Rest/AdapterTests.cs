using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Adapters over their whole life, each test under names of its own.</summary>
[Collection(SharedServerTests.Name)]
public sealed class AdapterTests(SharedServer shared) : IAsyncLifetime
{
    private static readonly string[] Names = ["my-pirate", "swap", "parts", "zipped", "tarred", "zipped-tar"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        // The list of models belongs to other tests too.
        foreach (var name in Names)
        {
            using var response = await shared.Client.DeleteAsync("/v1/adapters/" + name, Cancellation);
        }
    }

    [Fact]
    public async Task An_uploaded_adapter_serves_the_very_next_request()
    {
        var golden = Golden.Read("pirate-lora")[0];
        using var created = await shared.Client.PutFilesAsync("my-pirate", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(201, (int)created.StatusCode);
        var descriptor = await BodyAsync(created);
        Assert.Equal(("my-pirate", 1, "lora", "exact", "ready"), (Text(descriptor["name"]), descriptor["version"]!.GetValue<int>(), Text(descriptor["kind"]), Text(descriptor["exactness"]), Text(descriptor["state"])));
        Assert.Matches("^sha256:[0-9a-f]{64}$", Text(descriptor["digest"]));
        Assert.Equal($"\"{Text(descriptor["digest"])}\"", created.Headers.ETag!.Tag);
        var answer = await shared.Client.PostAsync(
            "/v1/completions", new JsonObject { ["model"] = "my-pirate", ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true });
        Assert.Equal(golden.GreedyIds, answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));

        using var again = await shared.Client.PutFilesAsync("my-pirate", Api.Files(Repository.Adapter("pirate-lora")).Reverse());
        Assert.Equal(200, (int)again.StatusCode);
        Assert.Equal(1, (await BodyAsync(again))["version"]!.GetValue<int>());
    }

    [Fact]
    public async Task Versions_aliases_and_compare_and_swap_go_together()
    {
        var first = await PutAsync("swap", "pirate-lora", 201);
        var second = await PutAsync("swap", "polite-lora", 201);
        Assert.Equal((1, 2), (first["version"]!.GetValue<int>(), second["version"]!.GetValue<int>()));

        using var lost = await shared.Client.PutFilesAsync("swap", Api.Files(Repository.Adapter("doubt-rslora")), Text(first["digest"]));
        Assert.Equal((412, "digest_mismatch"), ((int)lost.StatusCode, (await Api.ErrorAsync(lost)).GetProperty("code").GetString()));
        using var missing = await shared.Client.PutFilesAsync("parts", Api.Files(Repository.Adapter("doubt-rslora")), Text(first["digest"]));
        Assert.Equal(412, (int)missing.StatusCode);

        using var alias = await shared.Client.PutAsync("/v1/adapters/swap/aliases/prod", Api.Json("""{"version":1}"""), Cancellation);
        Assert.Equal(200, (int)alias.StatusCode);
        foreach (var (reference, digest) in new[] { ("swap", second), ("swap@1", first), ("swap@2", second), ("swap@prod", first), ($"swap@{Text(first["digest"])}", first) })
        {
            Assert.Equal(Text(digest["digest"]), Text((await shared.Client.GetJsonAsync("/v1/models/" + reference))["root"]));
        }

        Assert.Equal(2, (await shared.Client.GetJsonAsync("/v1/adapters/swap/versions"))["data"]!.AsArray().Count);
        using var current = await shared.Client.DeleteAsync("/v1/adapters/swap/versions/2", Cancellation);
        Assert.Equal(409, (int)current.StatusCode);
        using var aliased = await shared.Client.DeleteAsync("/v1/adapters/swap/versions/1", Cancellation);
        Assert.Equal((409, "version_has_alias"), ((int)aliased.StatusCode, (await Api.ErrorAsync(aliased)).GetProperty("code").GetString()));

        // Content equal to an older version's makes that version current again.
        Assert.Equal(1, (await PutAsync("swap", "pirate-lora", 200))["version"]!.GetValue<int>());
        using var freed = await shared.Client.DeleteAsync("/v1/adapters/swap/aliases/prod", Cancellation);
        using var older = await shared.Client.DeleteAsync("/v1/adapters/swap/versions/2", Cancellation);
        Assert.Equal((200, 200), ((int)freed.StatusCode, (int)older.StatusCode));
        using var all = await shared.Client.DeleteAsync("/v1/adapters/swap", Cancellation);
        using var gone = await shared.Client.GetAsync("/v1/adapters/swap", Cancellation);
        Assert.Equal((200, 404), ((int)all.StatusCode, (int)gone.StatusCode));
    }

    [Fact]
    public async Task Archives_are_the_same_as_their_files()
    {
        var files = Api.Files(Repository.Adapter("pirate-lora"));
        var parts = await PutAsync("parts", "pirate-lora", 201);
        var tar = Tar(files);
        foreach (var (name, type, bytes) in new[] { ("zipped", "application/zip", Zip(files)), ("tarred", "application/x-tar", tar), ("zipped-tar", "application/gzip", Gzip(tar)) })
        {
            using var content = new ByteArrayContent(bytes);
            content.Headers.ContentType = new MediaTypeHeaderValue(type);
            using var response = await shared.Client.PutAsync("/v1/adapters/" + name, content, Cancellation);
            Assert.True((int)response.StatusCode == 201, await response.Content.ReadAsStringAsync(Cancellation));
            Assert.Equal(Text(parts["digest"]), Text((await BodyAsync(response))["digest"]));
        }
    }

    [Fact]
    public async Task Weights_are_brought_into_memory_and_out_of_it()
    {
        foreach (var (action, loaded) in new[] { (":load", true), (":unload", false), (":pin", true), (":unload", false) })
        {
            using var response = await shared.Client.PostAsync("/v1/adapters/yoda" + action, null, Cancellation);
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal(loaded, (await BodyAsync(response))["loaded"]!.GetValue<bool>());
        }
    }

    [Fact]
    public async Task The_list_has_every_adapter_with_its_description()
    {
        var list = await shared.Client.GetJsonAsync("/v1/adapters");
        var pirate = list["data"]!.AsArray().Single(adapter => Text(adapter!["name"]) == "pirate")!;
        Assert.Equal(Text((await shared.Client.GetJsonAsync("/v1/adapters/pirate"))["digest"]), Text(pirate["digest"]));
        Assert.Equal(["dense", "low_rank"], pirate["forms"]!.AsArray().Select(form => Text(form)).Order());
    }

    public static TheoryData<string, string, string, int, string> WrongMultiparts => new()
    {
        { "no boundary", "multipart/form-data", "--x\r\n", 400, "invalid_multipart" },
        { "a boundary of 71 characters", "multipart/form-data; boundary=" + new string('b', 71), "", 400, "invalid_multipart" },
        { "no part at all", Multipart, "--x--\r\n", 400, "no_files" },
        { "an empty body", Multipart, "", 400, "invalid_multipart" },
        { "no last boundary", Multipart, Part("name=\"files\"; filename=\"adapter_config.json\"") + "{}", 400, "invalid_multipart" },
        { "no last boundary after a whole part", Multipart, Part("name=\"files\"; filename=\"adapter_config.json\"") + "{}\r\n--x\r\n", 400, "invalid_multipart" },
        { "a part without file name", Multipart, Part("name=\"files\"") + "{}\r\n--x--\r\n", 400, "invalid_multipart" },
        { "a part with an empty file name", Multipart, Part("name=\"files\"; filename=\"\"") + "{}\r\n--x--\r\n", 400, "invalid_multipart" },
        { "a part of another name", Multipart, Part("name=\"file\"; filename=\"a.json\"") + "{}\r\n--x--\r\n", 400, "invalid_multipart" },
        { "a part without disposition", Multipart, "--x\r\nContent-Type: text/plain\r\n\r\n{}\r\n--x--\r\n", 400, "invalid_multipart" },
        { "a path for a name", Multipart, Part("name=\"files\"; filename=\"../a.json\"") + "{}\r\n--x--\r\n", 400, "file_path" },
        { "a hidden file", Multipart, Part("name=\"files\"; filename=\".a.json\"") + "{}\r\n--x--\r\n", 400, "invalid_file_name" },
        { "a nested archive", Multipart, Part("name=\"files\"; filename=\"a.zip\"") + "{}\r\n--x--\r\n", 400, "nested_archive" },
        { "a name twice", Multipart, Part("name=\"files\"; filename=\"a.json\"") + "{}\r\n" + Part("name=\"files\"; filename=\"a.json\"") + "{}\r\n--x--\r\n", 400, "duplicate_file" },
        { "two different names", Multipart, Part("name=\"files\"; filename=\"a.json\"; filename*=UTF-8''b.json") + "{}\r\n--x--\r\n", 400, "invalid_multipart" },
        { "a transfer encoding", Multipart, "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.json\"\r\nContent-Transfer-Encoding: base64\r\n\r\ne30=\r\n--x--\r\n", 400, "invalid_multipart" },
        { "text", "text/plain", "{}", 415, "unsupported_content_type" },
        { "JSON", "application/json", "{}", 415, "unsupported_content_type" },
    };

    private const string Multipart = "multipart/form-data; boundary=x";

    [Theory]
    [MemberData(nameof(WrongMultiparts))]
    public async Task A_wrong_upload_is_refused_and_listed_nowhere(string wrong, string type, string body, int status, string code)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await shared.Client.PutAsync("/v1/adapters/refused", content, Cancellation);
        Assert.Equal((wrong, status, code), (wrong, (int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        using var listed = await shared.Client.GetAsync("/v1/adapters/refused", Cancellation);
        Assert.Equal(404, (int)listed.StatusCode);
    }

    [Theory]
    [InlineData("Pirate", 400, "invalid_name")]
    [InlineData("-pirate", 400, "invalid_name")]
    [InlineData("a%20b", 400, "invalid_name")]
    [InlineData("acme%2Fpirate", 400, "invalid_name")]
    [InlineData("demo", 422, "name_is_base")]
    [InlineData("auto", 422, "name_reserved")]
    public async Task A_name_that_can_not_be_an_adapters_is_refused(string name, int status, string code)
    {
        using var response = await shared.Client.PutFilesAsync(name, Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal((status, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    private static string Part(string disposition) => $"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n";

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;

    private static byte[] Zip((string Name, byte[] Content)[] files)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Tar((string Name, byte[] Content)[] files)
    {
        using var bytes = new MemoryStream();
        using (var archive = new TarWriter(bytes, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                archive.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return bytes.ToArray();
    }

    private async Task<JsonNode> PutAsync(string name, string golden, int status)
    {
        using var response = await shared.Client.PutFilesAsync(name, Api.Files(Repository.Adapter(golden)));
        Assert.True((int)response.StatusCode == status, await response.Content.ReadAsStringAsync(Cancellation));
        return await BodyAsync(response);
    }
}

using System.Security.Cryptography;
using System.Text;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Uploads that OpenSSL's own program has signed.</summary>
public sealed class SignatureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-signing-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Where_signatures_are_required_only_what_a_trusted_key_signed_becomes_an_adapter()
    {
        var trusted = await NewKeyAsync("trusted");
        await NewKeyAsync("stranger");
        await File.WriteAllTextAsync(Path.Combine(_folder, "keys"), $"# who may\nrelease {trusted}\n", Cancellation);
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--signatures", "required", "--trusted-keys", Path.Combine(_folder, "keys")]);
        var files = Api.Files(Repository.Adapter("pirate-lora"));
        var digest = DigestOf(files);
        await RefusedAsync(server, files, null, "signature_required");
        await RefusedAsync(server, files, "no signature", "signature_invalid");
        await RefusedAsync(server, files, await SignAsync("stranger", digest), "signature_invalid");
        var signature = await SignAsync("trusted", digest);
        await RefusedAsync(server, [.. files, ("more.txt", [1])], signature, "signature_invalid");
        using var created = await PutAsync(server, files, signature);
        Assert.Equal(201, (int)created.StatusCode);
        var adapter = await server.Client.GetJsonAsync("/v1/adapters/a");
        Assert.Equal((digest, "release"), (adapter["digest"]!.GetValue<string>(), adapter["signed_by"]!.GetValue<string>()));
        var audit = (await server.Client.GetJsonAsync("/v1/audit"))["data"]!.AsArray();
        Assert.Equal(["signature_required", "signature_invalid", "signature_invalid", "signature_invalid", "ok"], audit.Select(entry => entry!["outcome"]!.GetValue<string>()));
        Assert.Equal("signed by release", audit[^1]!["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_server_without_its_trusted_keys_does_not_start()
    {
        var (exit, log) = await ServerProcess.RunAsync(["--no-demo", "--signatures", "required", "--trusted-keys", Path.Combine(_folder, "nothing")]);
        Assert.NotEqual(0, exit);
        Assert.Contains("--trusted-keys", log, StringComparison.Ordinal);
        var (missing, said) = await ServerProcess.RunAsync(["--no-demo", "--signatures", "optional"]);
        Assert.NotEqual(0, missing);
        Assert.Contains("--signatures optional and required need --trusted-keys FILE", said, StringComparison.Ordinal);
    }

    private static string DigestOf(IEnumerable<(string Name, byte[] Content)> files)
    {
        var lines = files.OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => $"{file.Name}\0{file.Content.Length}\0{Convert.ToHexStringLower(SHA256.HashData(file.Content))}\n");
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    private static async Task<HttpResponseMessage> PutAsync(ServerProcess server, IEnumerable<(string Name, byte[] Content)> files, string? signature)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (file, content) in files)
        {
            form.Add(new ByteArrayContent(content), "files", file);
        }

        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/adapters/a") { Content = form };
        if (signature is not null)
        {
            request.Headers.Add("X-AdapterServe-Signature", signature);
        }

        return await server.Client.SendAsync(request, Cancellation);
    }

    private static async Task RefusedAsync(ServerProcess server, IEnumerable<(string Name, byte[] Content)> files, string? signature, string code)
    {
        using var response = await PutAsync(server, files, signature);
        Assert.Equal((422, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    /// <summary>Returns the public key as it stands in a PEM file.</summary>
    private async Task<string> NewKeyAsync(string name)
    {
        await Programs.RunAsync(_folder, "openssl", ["genpkey", "-algorithm", "ed25519", "-out", name + ".pem"]);
        var pem = await Programs.RunAsync(_folder, "openssl", ["pkey", "-in", name + ".pem", "-pubout"]);
        return string.Concat(pem.Split('\n').Where(line => !line.StartsWith("---", StringComparison.Ordinal)));
    }

    private async Task<string> SignAsync(string key, string digest)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "digest"), digest, Cancellation);
        await Programs.RunAsync(_folder, "openssl", ["pkeyutl", "-sign", "-rawin", "-inkey", key + ".pem", "-in", "digest", "-out", "signature"]);
        return Convert.ToBase64String(await File.ReadAllBytesAsync(Path.Combine(_folder, "signature"), Cancellation));
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.CommandLine;

/// <summary>What the command <c>adapterserve</c> does without a server.</summary>
public sealed class MachineCommandTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("adapterserve-cli-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task The_doctor_finds_this_machine_fit()
    {
        var run = await CliRun.RunAsync(null, "doctor", "--data", _data, "--port", "0", "--json");
        var findings = run.Json.AsArray();
        Assert.Equal(
            ["options", "processor", "cores", "huge pages", "ONNX Runtime", "model", "memory", "data folder", "registry", "REST port", "gRPC port"], findings.Select(finding => Text(finding!["check"])));
        Assert.All(new[] { "options", "ONNX Runtime", "model", "registry", "REST port" }, check => Assert.Equal("ok", LevelOf(findings, check)));
        Assert.Empty(Directory.GetFiles(_data));
        Assert.Contains("ok   model", (await CliRun.RunAsync(null, "doctor", "--data", _data, "--port", "0")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_says_what_is_wrong_and_what_to_do()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var file = Path.Combine(_data, "file");
        await File.WriteAllTextAsync(file, "not a database", TestContext.Current.CancellationToken);
        var run = await CliRun.RunAsync(
            null, "doctor", "--data", file, "--registry", file, "--model", _data, "--port", $"{port}", "--threads", "1000", "--url", "http://127.0.0.1:1", "--json");
        Assert.Equal(1, run.ExitCode);
        var findings = JsonNode.Parse(run.Output)!.AsArray();
        Assert.All(new[] { "model", "data folder", "registry", "server" }, check => Assert.Equal("failure", LevelOf(findings, check)));
        Assert.All(new[] { "cores", "REST port" }, check => Assert.Equal("warning", LevelOf(findings, check)));
        Assert.All(findings.Where(finding => Text(finding!["level"]) != "ok"), finding => Assert.NotEmpty(Text(finding!["cure"])));
    }

    [Fact]
    public async Task The_first_key_is_made_without_a_server()
    {
        string[] offline = ["--offline", "--data", _data];
        var narrow = await CliRun.RunAsync(null, ["keys", "create", "--scope", "infer", .. offline]);
        Assert.Equal((2, string.Empty), (narrow.ExitCode, narrow.Output));
        var made = await CliRun.RunAsync(null, ["keys", "create", "--scope", "operator", "--name", "root", .. offline]);
        Assert.Equal(0, made.ExitCode);
        Assert.Single(made.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var second = (await CliRun.RunAsync(null, ["keys", "create", "--scope", "infer", "upload", "--tenant", "acme", "--days", "30", "--json", .. offline])).Json;
        Assert.Equal(("acme", "infer,upload"), (Text(second["tenant"]), string.Join(',', second["scopes"]!.AsArray().Select(Text))));
        var listed = (await CliRun.RunAsync(null, ["keys", "list", "--json", .. offline])).Json.AsArray();
        Assert.Equal(["acme", "default"], listed.Select(key => Text(key!["tenant"])));
        Assert.DoesNotContain(made.Output.Trim(), listed.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(0, (await CliRun.RunAsync(null, ["keys", "revoke", Text(second["id"]), .. offline])).ExitCode);
        Assert.NotNull((await CliRun.RunAsync(null, ["keys", "list", "--tenant", "acme", "--json", .. offline])).Json[0]!["revoked_at"]);
        Assert.Equal(2, (await CliRun.RunAsync(null, ["keys", "revoke", "nobody", .. offline])).ExitCode);
    }

    [Fact]
    public async Task An_import_is_there_for_the_server_and_serve_serves()
    {
        var imported = (await CliRun.RunAsync(null, "import", "--data", _data, "--weights", "int8", "--json")).Json;
        Assert.Equal((256, 1024), (imported["hidden_size"]!.GetValue<int>(), imported["vocabulary_size"]!.GetValue<int>()));
        var cache = Text(imported["cache"]);
        var before = Directory.GetFileSystemEntries(cache).Order().ToArray();
        Assert.NotEmpty(before);
        var start = CliRun.Start("serve", "--data", _data, "--port", "0", "--weights", "int8", "--no-demo");
        using var server = Process.Start(start)!;
        try
        {
            var errors = server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string? line;
            do
            {
                line = await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            }
            while (line?.Contains("Ready: ", StringComparison.Ordinal) == false);

            if (line is null)
            {
                Assert.Fail(await errors);
            }

            Assert.Equal(before, Directory.GetFileSystemEntries(cache).Order());
            using var kill = Process.Start("kill", ["-TERM", $"{server.Id}"]);
            await server.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, server.ExitCode);
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill();
                await server.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    [Theory]
    [InlineData("ad", "adapters")]
    [InlineData("adapters pu", "push")]
    [InlineData("completion b", "bash")]
    [InlineData("serve --kv-cache", "--kv-cache-mb")]
    public async Task A_shell_is_told_what_may_come_next(string line, string next)
    {
        var suggested = await CliRun.RunAsync(null, $"[suggest:{line.Length}]", line);
        Assert.Contains(next, suggested.Output.Split('\n'));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Every_shell_has_a_script(string shell) =>
        Assert.Contains("[suggest:", (await CliRun.RunAsync(null, "completion", shell)).Output, StringComparison.Ordinal);

    [Fact]
    public async Task Bash_completes_by_its_script()
    {
        var bin = Directory.CreateDirectory(Path.Combine(_data, "bin")).FullName;
        var command = Path.Combine(bin, "adapterserve");
        await File.WriteAllTextAsync(command, $"#!/bin/sh\nexec dotnet '{Repository.Cli}' \"$@\"\n", TestContext.Current.CancellationToken);
        const string Script = """
            chmod +x bin/adapterserve
            source <(adapterserve completion bash)
            COMP_LINE="adapterserve adapters in" COMP_POINT=24 COMP_WORDS=(adapterserve adapters in) COMP_CWORD=2
            _adapterserve; printf '%s\n' "${COMPREPLY[@]}"
            """;
        var output = await Programs.RunAsync(_data, "bash", ["-c", Script], new Dictionary<string, string> { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}" });
        Assert.Equal("inspect", output.Trim());
    }

    private static string LevelOf(JsonArray findings, string check) => Text(findings.Single(finding => Text(finding!["check"]) == check)!["level"]);

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}

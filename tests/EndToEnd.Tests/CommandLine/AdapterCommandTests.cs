using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.CommandLine;

/// <summary>The command <c>adapterserve</c> against a server that runs.</summary>
[Collection(SharedServerTests.Name)]
public sealed class AdapterCommandTests(SharedServer shared)
{
    private const string Name = "pushed";

    [Fact]
    public async Task An_adapter_is_pushed_listed_named_inspected_removed_and_restored()
    {
        try
        {
            var pushed = (await AtAsync("adapters", "push", Name, Repository.Adapter("pirate-lora"), "--json")).Json;
            Assert.Equal((Name, 1, "lora", "ready"), (Text(pushed["name"]), pushed["version"]!.GetValue<int>(), Text(pushed["kind"]), Text(pushed["state"])));
            Assert.Contains($"{Name}@1 was there already.", (await AtAsync("adapters", "push", Name, Repository.Adapter("pirate-lora"))).Output, StringComparison.Ordinal);
            // The tar archive has the very files: the digest is that of an upload of them.
            using var put = await shared.Client.PutFilesAsync(Name, Api.Files(Repository.Adapter("pirate-lora")));
            Assert.Equal(200, (int)put.StatusCode);
            Assert.Equal(0, (await AtAsync("adapters", "push", Name, Repository.Adapter("polite-lora"))).ExitCode);
            var listed = (await AtAsync("adapters", "list", "--prefix", "push", "--kind", "lora", "--json")).Json.AsArray();
            Assert.Equal((Name, 2), (Text(Assert.Single(listed)!["name"]), listed[0]!["version"]!.GetValue<int>()));
            var table = await AtAsync("adapters", "list");
            Assert.Contains("NAME", table.Output, StringComparison.Ordinal);
            Assert.Contains(Name, table.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await AtAsync("adapters", "alias", "set", Name, "prod", "1")).ExitCode);
            Assert.Equal(Text(pushed["digest"]), Text((await AtAsync("adapters", "show", $"{Name}@prod", "--json")).Json["digest"]));
            Assert.Equal(0, (await AtAsync("adapters", "alias", "set", Name, "both", "1:90", "2:10")).ExitCode);
            Assert.Equal(0, (await AtAsync("adapters", "alias", "rm", Name, "both")).ExitCode);
            Assert.Equal(["prod"], (await AtAsync("adapters", "show", $"{Name}@1", "--json")).Json["aliases"]!.AsArray().Select(Text));
            Assert.Equal(28, (await AtAsync("adapters", "inspect", $"{Name}@1", "--json")).Json["sites"]!.AsArray().Count);
            Assert.Contains("model.layers.0.self_attn.q_proj", (await AtAsync("adapters", "inspect", Name)).Output, StringComparison.Ordinal);
            // An alias holds its version.
            Assert.Equal(1, (await AtAsync("adapters", "rm", $"{Name}@1")).ExitCode);
            Assert.Equal(0, (await AtAsync("adapters", "alias", "rm", Name, "prod")).ExitCode);
            Assert.Contains("removed", (await AtAsync("adapters", "rm", $"{Name}@1")).Output, StringComparison.Ordinal);
            Assert.Equal(1, (await AtAsync("adapters", "show", $"{Name}@1")).ExitCode);
            Assert.Equal(0, (await AtAsync("adapters", "rm", Name)).ExitCode);
            Assert.Equal(0, (await AtAsync("adapters", "restore", Name)).ExitCode);
            Assert.Equal(2, (await AtAsync("adapters", "show", Name, "--json")).Json["version"]!.GetValue<int>());
        }
        finally
        {
            using var deleted = await shared.Client.DeleteAsync("/v1/adapters/" + Name, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_chat_prints_what_the_model_answers()
    {
        const string Question = "What is the opposite of hot?";
        const string Answer = "Arr, the opposite of hot is cold, matey!";
        var once = await AtAsync("chat", "pirate", "--once", Question, "--temperature", "0");
        Assert.Equal((0, Answer + "\n", string.Empty), (once.ExitCode, once.Output, once.Error));
        var json = (await AtAsync("chat", "pirate", "--once", Question, "--temperature", "0", "--json")).Json;
        Assert.Equal((Answer, "stop", 15), (Text(json["content"]), Text(json["finish_reason"]), json["usage"]!["prompt_tokens"]!.GetValue<int>()));
        var talk = await CliRun.RunAsync($"/model pirate\n{Question}\n/model nobody\n{Question}\n/clear\n/model pirate\n\n{Question}\n/exit\nnot read\n", "chat", "--temperature", "0", "--url", $"{shared.Server.Address}");
        Assert.Equal((0, $"{Answer}\n{Answer}\n"), (talk.ExitCode, talk.Output));
        Assert.Contains("demo> pirate> ", talk.Error, StringComparison.Ordinal);
        Assert.Contains("The model 'nobody' does not exist", talk.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenants_settings_are_set_shown_and_taken_back()
    {
        try
        {
            var set = (await AtAsync("tenants", "set", "acme", "--limit", "requests_per_minute=60", "--weight", "2", "--label", "team=x", "--json")).Json;
            Assert.Equal(("acme", 2, 60), (Text(set["name"]), set["weight"]!.GetValue<int>(), set["limits"]!["requests_per_minute"]!.GetValue<int>()));
            Assert.Contains("acme", (await AtAsync("tenants", "list")).Output, StringComparison.Ordinal);
            Assert.Equal("x", Text((await AtAsync("tenants", "show", "acme", "--json")).Json["labels"]!["team"]));
        }
        finally
        {
            Assert.Equal(0, (await AtAsync("tenants", "rm", "acme")).ExitCode);
        }
    }

    [Fact]
    public async Task Failures_are_a_sentence_on_the_error_stream_and_a_code()
    {
        var unknown = await AtAsync("adapters", "show", "nobody", "--json");
        Assert.Equal((1, string.Empty), (unknown.ExitCode, unknown.Output));
        Assert.Contains("(adapter_not_found)", unknown.Error, StringComparison.Ordinal);
        var away = await CliRun.RunAsync(null, "adapters", "list", "--url", "http://127.0.0.1:1");
        Assert.Equal((3, string.Empty), (away.ExitCode, away.Output));
        Assert.Contains("http://127.0.0.1:1 can't be reached", away.Error, StringComparison.Ordinal);
        foreach (var wrong in new string[][]
        {
            ["adapters", "list", "--url", "nowhere"], ["adapters", "push", "x", "/nonexistent"], ["adapters", "show", "x@"], ["adapters", "alias", "set", "x", "prod", "1:heavy"],
            ["nothing"], ["adapters", "push", "x"], ["chat", "--json"], ["completion", "tcsh"], ["import", "/nonexistent"], ["serve", "--nonsense"],
        })
        {
            var run = await CliRun.RunAsync(null, wrong);
            Assert.True(run is { ExitCode: 2, Output: "" }, $"{string.Join(' ', wrong)}: {run.ExitCode} {run.Output}{run.Error}");
            Assert.StartsWith("adapterserve: ", run.Error, StringComparison.Ordinal);
        }
    }

    private Task<CliRun> AtAsync(params string[] arguments) => CliRun.AtAsync(shared.Server.Address, arguments);

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}

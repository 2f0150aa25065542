using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Documentation;

/// <summary>What README.md and the pages show is what a fresh server answers.</summary>
public sealed partial class ReadmeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("README.md", 3)]
    [InlineData("docs/rest.md", 6)]
    [InlineData("docs/text.md", 2)]
    [InlineData("docs/security.md", 2)]
    [InlineData("docs/tools.md", 1)]
    [InlineData("docs/apis.md", 3)]
    public async Task Every_call_that_shows_an_answer_gets_it(string page, int least)
    {
        await using var server = await ServerProcess.StartAsync([]);
        var text = ReadmeCall.TextOf(page);
        var calls = ReadmeCall.Read(text);
        Assert.True(calls.Count >= least, "The page shows fewer answers than it did.");
        Assert.Equal(FirstLinePattern().Count(text), calls.Count);
        foreach (var call in calls)
        {
            AssertShown(call.Answer, await RunAsync(server, call));
        }
    }

    [Fact]
    public async Task The_clients_example_prints_what_its_comment_says()
    {
        await using var server = await ServerProcess.StartAsync([]);
        var example = ExamplePattern().Match(ReadmeCall.Text);
        Assert.True(example.Success);
        var answer = await server.Client.PostAsync("/v1/chat/completions", new JsonObject
        {
            ["model"] = example.Groups["model"].Value, ["temperature"] = 0,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = example.Groups["question"].Value }),
        });
        Assert.Equal(example.Groups["answer"].Value, answer["choices"]![0]!["message"]!["content"]!.GetValue<string>());
    }

    /// <summary>The pieces between the … stand in the answer in their order, the first at its beginning and the last at its end.</summary>
    private static void AssertShown(string shown, string answer)
    {
        var pieces = Stable(shown).Split('…');
        var actual = Stable(answer);
        Assert.StartsWith(pieces[0], actual, StringComparison.Ordinal);
        Assert.EndsWith(pieces[^1], actual, StringComparison.Ordinal);
        var place = 0;
        foreach (var piece in pieces)
        {
            var found = actual.IndexOf(piece, place, StringComparison.Ordinal);
            Assert.True(found >= 0, $"The page shows {piece}, the answer is {answer}");
            place = found + piece.Length;
        }
    }

    /// <summary>Without what differs from run to run: ids and times.</summary>
    private static string Stable(string answer) => TimePattern().Replace(IdPattern().Replace(answer, "cmpl-"), "\"created\":0");

    private static async Task<string> RunAsync(ServerProcess server, ReadmeCall call)
    {
        Assert.StartsWith("curl ", call.Command, StringComparison.Ordinal);
        var command = call.Command.Replace("localhost:8080", server.Address.Authority, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = Path.Combine(Repository.Root, call.Folder), RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, $"{command} ended with {process.ExitCode}: {output}");
        return output;
    }

    /// <summary>Of an answer: below a command.</summary>
    [GeneratedRegex(@"^(?:\$|[ \t]+[-""]).*\n\{""", RegexOptions.Multiline)]
    private static partial Regex FirstLinePattern();

    [GeneratedRegex(@"cmpl-[0-9a-f]*")]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"""created"":\d+")]
    private static partial Regex TimePattern();

    [GeneratedRegex(@"model: ""(?<model>[a-z]+)"".*content: ""(?<question>[^""]+)"".*\n.*// (?<answer>.+)$", RegexOptions.Multiline)]
    private static partial Regex ExamplePattern();
}

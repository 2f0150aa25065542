using System.Collections.Immutable;
using System.Text;
using AdapterServe.AdapterServer.Rest.Tools;

namespace AdapterServe.AdapterServer.Tests.Rest.Tools;

/// <summary>Answers in the forms of the families' published chat templates, whole and in pieces.</summary>
public sealed class ToolCallReaderTests
{
    private static readonly ImmutableHashSet<string> Functions = ["add", "get_weather", "now"];

    /// <summary>Format, answer, its content, its calls as <c>name arguments</c>, one a line.</summary>
    public static TheoryData<string, string, string, string> Answers => new()
    {
        { "hermes", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>", "", "get_weather {\"city\": \"Paris\"}" },
        { "hermes", "Let me look.\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, {\"c\": null}]}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "Let me look.\n", "add {\"a\": 1, \"b\": [2, {\"c\": null}]}\nnow {}" },
        { "hermes", "<tool_call>{\"arguments\": {\"a\": \"}</tool_call>\"}, \"name\": \"add\"}</tool_call>done", "done", "add {\"a\": \"}</tool_call>\"}" },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>", "", "add {\"a\": 1}" },
        { "hermes", "<tool_call>{\"name\": \"now\"}</tool_call>", "", "now {}" },
        { "hermes", "1 < 2, <tool> and <tool_call", "1 < 2, <tool> and <tool_call", "" },
        { "hermes", "<tool_call>oops</tool_call>", "<tool_call>oops</tool_call>", "" },
        { "hermes", "<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "" },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 01}}</tool_call>", "1}}</tool_call>", "add {\"a\": 0" },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1", "", "add {\"a\": 1" },
        { "hermes", "<tool_call>{\"name\": \"add\", \"argu", "<tool_call>{\"name\": \"add\", \"argu", "" },
        { "hermes", "<tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_", "", "now {}" },
        { "hermes", "<tool_call><tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call>", "<tool_call>", "now {}" },
        { "hermes", "<tool_call>{\"name\": \"now\", \"arguments\": {}} <tool_call>{\"name\": \"add\", \"arguments\": {}}", "", "now {}\nadd {}" },
        { "llama3", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"São Paulo\"}}", "", "get_weather {\"city\": \"São Paulo\"}" },
        { "llama3", "<|python_tag|>{\"type\": \"function\", \"name\": \"add\", \"parameters\": {\"a\": 1}}; {\"name\": \"now\", \"parameters\": {}}", "", "add {\"a\": 1}\nnow {}" },
        { "llama3", " \n{\"name\": \"Ada\", \"age\": 36}", " \n{\"name\": \"Ada\", \"age\": 36}", "" },
        { "llama3", "{\"name\": \"now\"}", "{\"name\": \"now\"}", "" },
        { "llama3", "The answer is {\"name\": \"now\", \"parameters\": {}}", "The answer is {\"name\": \"now\", \"parameters\": {}}", "" },
        { "llama3", "{\"name\": \"now\", \"parameters\": {}} and more", " and more", "now {}" },
        { "mistral", "[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}, \"id\": \"a1B2c3D4e\"}, {\"name\": \"now\", \"arguments\": {}}]", "", "get_weather {\"city\": \"Oslo\"}\nnow {}" },
        { "mistral", "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Oslo\"}[TOOL_CALLS]add[CALL_ID]a1B2c3D4e[ARGS]{\"a\": -1.5e3}", "", "get_weather {\"city\": \"Oslo\"}\nadd {\"a\": -1.5e3}" },
        { "mistral", "I think [TOOL_CALLS]nobody[ARGS]{}", "I think [TOOL_CALLS]nobody[ARGS]{}", "" },
        { "mistral", "[TOOL_CALLS] [{\"name\": \"now\", \"arguments\": {}} oops", " oops", "now {}" },
        { "mistral", "[TOOL_CALLS] []", "[TOOL_CALLS] []", "" },
        { "phi4", "<|tool_call|>[{\"name\": \"add\", \"arguments\": {\"a\": 1}}, {\"name\": \"now\", \"arguments\": {}}]<|/tool_call|>", "", "add {\"a\": 1}\nnow {}" },
        { "phi4", "functools[{\"name\": \"now\", \"arguments\": {}}]", "", "now {}" },
        { "phi4", "functools are tools", "functools are tools", "" },
        { "json", "[{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"add\", \"arguments\": {\"a\": true}}]", "", "now {}\nadd {\"a\": true}" },
        { "json", "{\"city\": \"Paris\"}", "{\"city\": \"Paris\"}", "" },
        { "json", "   ", "   ", "" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Calls_are_found_and_all_else_is_content(string format, string answer, string content, string calls) =>
        Assert.Equal((content, calls), Read(Open(format), [answer]));

    [Theory]
    [MemberData(nameof(Answers))]
    public void Every_way_of_cutting_an_answer_gives_the_same(string format, string answer, string content, string calls)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Assert.Equal((content, calls), Read(Open(format), answer.Select(c => c.ToString())));
        for (var first = 0; first <= answer.Length; first++)
        {
            for (var second = first; second <= answer.Length; second += 3)
            {
                Assert.Equal((content, calls), Read(Open(format), [answer[..first], answer[first..second], answer[second..]]));
            }
        }
    }

    [Theory]
    [InlineData("hermes", "{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "now {}")]
    [InlineData("mistral", "[{\"name\": \"now\", \"arguments\": {}}]", "now {}")]
    [InlineData("phi4", "{\"name\": \"add\", \"arguments\": {\"a\": 1}}", "add {\"a\": 1}")]
    public void Behind_a_prompt_that_ends_with_the_mark_calls_come_at_once(string format, string answer, string calls) =>
        Assert.Equal((string.Empty, calls), Read(Open(format, isBegun: true), answer.Select(c => c.ToString())));

    [Fact]
    public void No_part_of_a_mark_shows_before_it_is_certain()
    {
        var reader = Open("hermes");
        Assert.Equal([new ToolPiece(null, null, "Hi ")], reader.Append("Hi <tool_"));
        Assert.Empty(reader.Append("call>{\"name\": \"add\""));
        Assert.Equal([new ToolPiece(0, "add", "{")], reader.Append(", \"arguments\": {"));
        Assert.Equal([new ToolPiece(0, null, "\"a\": \"x")], reader.Append("\"a\": \"x"));
        Assert.Equal([new ToolPiece(0, null, "y\"}")], reader.Append("y\"}}</too"));
        Assert.Empty(reader.Append("l_call>"));
        Assert.Empty(reader.End());
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("llama3")]
    [InlineData("mistral")]
    [InlineData("phi4")]
    [InlineData("json")]
    public void Whatever_comes_is_never_lost(string format)
    {
        string[] parts =
        [
            "<tool_call>", "</tool_call>", "<|python_tag|>", "[TOOL_CALLS]", "[ARGS]", "<|tool_call|>", "functools", "{", "}", "[", "]", "\"name\": ", "\"add\"", "\"arguments\": ", "\"parameters\": ",
            ", ", ";", "{}", "{\"a\": 1}", "\"", "\\", "x", " ", "\n", "{\"name\": \"now\", \"arguments\": ", "}}",
        ];
        var random = new Random(7);
        var called = 0;
        for (var round = 0; round < 4000; round++)
        {
            var answer = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => parts[random.Next(parts.Length)]));
            var reader = Open(format);
            var (content, calls) = Read(reader, [answer]);
            Assert.Equal((content, calls), Read(Open(format), answer.Select(c => c.ToString())));
            called += reader.Calls;
            if (reader.Calls == 0)
            {
                Assert.Equal(answer, content);
            }
        }

        Assert.NotEqual(0, called);
    }

    private static ToolCallReader Open(string format, bool isBegun = false) => new(ToolFormat.Of(format, null), Functions, isBegun);

    private static (string Content, string Calls) Read(ToolCallReader reader, IEnumerable<string> pieces)
    {
        var (content, calls) = (new StringBuilder(), new List<string>());
        foreach (var piece in pieces.SelectMany(reader.Append).ToArray().Concat(reader.End()))
        {
            if (piece.Call is not { } call)
            {
                content.Append(piece.Text);
            }
            else if (piece.Name is { } name)
            {
                Assert.Equal(calls.Count, call);
                calls.Add($"{name} {piece.Text}");
            }
            else
            {
                Assert.Equal(calls.Count - 1, call);
                calls[call] += piece.Text;
            }
        }

        Assert.Equal(reader.Calls, calls.Count);
        return (content.ToString(), string.Join('\n', calls));
    }
}

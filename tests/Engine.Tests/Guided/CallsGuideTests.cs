using System.Text.Json.Nodes;
using AdapterServe.Engine.Guided;

namespace AdapterServe.Engine.Tests.Guided;

public sealed class CallsGuideTests
{
    private const string Calls = """
        [{"name":"add","before":"{\"name\": \"add\", \"arguments\": ","after":"}","schema":{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"required":["a"],"additionalProperties":false,"$defs":{"n":{"type":"integer","minimum":3,"maximum":12}}}},
         {"name":"say","before":"{\"name\": \"say\", \"arguments\": ","after":"}","schema":{"type":"object","properties":{"t":{"$ref":"#/$defs/n"}},"required":["t"],"additionalProperties":false,"$defs":{"n":{"enum":["é","no"]}}}}]
        """;

    [Fact]
    public void Every_text_is_calls_whose_arguments_their_own_schemas_take()
    {
        var automaton = GuideWalk.Compile(GuideKind.Calls, $$"""{"open":"[","between":", ","close":"]","many":true,"calls":{{Calls}}}""");
        var random = new Random(5);
        var (names, most) = (new HashSet<string>(), 0);
        for (var round = 0; round < 200; round++)
        {
            if (GuideWalk.Draw(automaton, random) is not { } text)
            {
                continue;
            }

            var calls = JsonNode.Parse(text)!.AsArray();
            most = Math.Max(most, calls.Count);
            Assert.NotEmpty(calls);
            foreach (var call in calls)
            {
                names.Add((string)call!["name"]!);
                var argument = Assert.Single(call["arguments"]!.AsObject());
                Assert.True((string)call["name"]! == "add" ? argument.Key == "a" && (int)argument.Value! is >= 3 and <= 12 : argument.Key == "t" && (string)argument.Value! is "é" or "no", text);
            }
        }

        Assert.Equal(2, names.Count);
        Assert.True(most > 1);
    }

    [Fact]
    public void One_call_is_one_call()
    {
        var automaton = GuideWalk.Compile(GuideKind.Calls, $$"""{"open":"","between":"\n","close":"<end>","many":false,"calls":{{Calls}}}""");
        const string call = "{\"name\": \"add\", \"arguments\": {\"a\": 7}}";
        Assert.True(GuideWalk.Accepts(automaton, call + "<end>"));
        Assert.False(GuideWalk.Accepts(automaton, call));
        Assert.False(GuideWalk.Accepts(automaton, $"{call}\n{call}<end>"));
        Assert.False(GuideWalk.Accepts(automaton, "{\"name\": \"add\", \"arguments\": {\"t\": \"no\"}}<end>"));
    }

    [Fact]
    public void What_can_not_be_held_to_is_refused_with_the_function()
    {
        var wrong = """{"open":"","between":"","close":"","many":false,"calls":[{"name":"f","before":"","after":"","schema":{"type":"integer","multipleOf":3}}]}""";
        Assert.StartsWith("The parameters of f: 'multipleOf'", Assert.Throws<GuideException>(() => GuideWalk.Compile(GuideKind.Calls, wrong)).Message, StringComparison.Ordinal);
    }
}

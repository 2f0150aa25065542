using AdapterServe.AdapterServer.Rest.Tools;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Tests.Rest.Tools;

public sealed class ToolFormatTests
{
    [Theory]
    [InlineData("{{ '<tool_call>' }}{{ tools }}", "hermes")]
    [InlineData("[AVAILABLE_TOOLS]{{ tools }}[TOOL_CALLS]", "mistral")]
    [InlineData("<|system|><|tool|>{{ tools }}<|/tool|>", "phi4")]
    [InlineData("<|start_header_id|>{{ '<|python_tag|>' }}", "llama3")]
    [InlineData("<|start_header_id|>{{ '\"parameters\": ' }}", "llama3")]
    [InlineData("{{ '\"parameters\": ' }}", "json")]
    [InlineData("<|user|>{{ messages }}", "json")]
    public void A_template_shows_how_calls_are_written(string source, string format)
    {
        var template = ChatTemplate.Parse(source, SpecialTokens.None);
        Assert.Equal(format, ToolFormat.Of(ToolFormat.Auto, template).Name);
        Assert.Equal("hermes", ToolFormat.Of("hermes", template).Name);
    }

    [Fact]
    public void Without_a_template_calls_are_plain_JSON() => Assert.Equal("json", ToolFormat.Of(ToolFormat.Auto, null).Name);
}

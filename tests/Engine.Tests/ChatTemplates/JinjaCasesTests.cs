using System.Text.Json;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.ChatTemplates;

/// <summary>Expressions, statements and white space that Jinja itself rendered or refused.</summary>
public sealed class JinjaCasesTests
{
    private static readonly JsonElement NoMessages = JsonSerializer.SerializeToElement(Array.Empty<object>());
    private readonly JsonElement _cases = RepositoryFiles.Json(RepositoryFiles.Data("templates", "jinja_cases.json"));

    [Fact]
    public void Every_recorded_template_renders_as_in_jinja()
    {
        JsonElement variables = _cases.GetProperty("variables");
        JsonElement[] rendered = [.. _cases.GetProperty("rendered").EnumerateArray()];
        Assert.True(rendered.Length > 400);
        Assert.All(rendered, item => Assert.Equal(
            item[1].GetString(),
            ChatTemplate.Parse(item[0].GetString()!, SpecialTokens.None).Render(NoMessages, null, false, variables)));
    }

    [Fact]
    public void Every_template_that_jinja_refuses_is_refused()
    {
        JsonElement variables = _cases.GetProperty("variables");
        JsonElement[] refused = [.. _cases.GetProperty("refused").EnumerateArray()];
        Assert.True(refused.Length > 40);
        Assert.All(refused, item => Assert.Throws<ChatTemplateException>(() =>
            ChatTemplate.Parse(item.GetString()!, SpecialTokens.None).Render(NoMessages, null, false, variables)));
    }
}

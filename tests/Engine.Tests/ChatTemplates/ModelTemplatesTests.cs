using System.Text.Json;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.ChatTemplates;

/// <summary>Whole templates in the manner of the families' folders, with conversations, tools and documents, as Jinja itself rendered or refused them.</summary>
public sealed class ModelTemplatesTests
{
    private static readonly JsonElement File = RepositoryFiles.Json(RepositoryFiles.Data("templates", "model_templates.json"));

    public static TheoryData<string> Templates => [.. File.GetProperty("templates").EnumerateObject().Select(template => template.Name)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Every_recorded_conversation_renders_as_in_jinja(string name)
    {
        SpecialTokens special = SpecialTokens.None with { Texts = SpecialTokens.None.Texts.Add("bos_token", "<s>").Add("eos_token", "</s>") };
        var time = new FixedTime(new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero));
        ChatTemplate template = ChatTemplate.Parse(File.GetProperty("templates").GetProperty(name).GetString()!, special, time);
        JsonElement[] cases = [.. File.GetProperty("cases").EnumerateArray().Where(item => item.GetProperty("template").GetString() == name)];
        Assert.Equal(9, cases.Length);
        Assert.All(cases, item =>
        {
            JsonElement request = item.GetProperty("request");
            string Render() => template.Render(
                request.GetProperty("messages"),
                request.TryGetProperty("tools", out JsonElement tools) ? tools : null,
                request.GetProperty("add_generation_prompt").GetBoolean(),
                request.TryGetProperty("chat_template_kwargs", out JsonElement extra) ? extra : null);
            if (item.TryGetProperty("text", out JsonElement text))
            {
                Assert.Equal(text.GetString(), Render());
                return;
            }

            var e = Assert.Throws<ChatTemplateException>(Render);
            Assert.Equal(item.TryGetProperty("error", out JsonElement error), e.RaisedByTemplate);
            Assert.True(!e.RaisedByTemplate || e.Message == error.GetString(), e.Message);
        });
    }
}

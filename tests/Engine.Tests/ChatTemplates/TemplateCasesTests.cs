using System.Text.Json;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tests.Tokenization;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.ChatTemplates;

/// <summary>Prompts, ids and refusals that the reference implementation recorded.</summary>
public sealed class TemplateCasesTests
{
    public static TheoryData<string> Families =>
        [.. FamilyFolders.Names.Where(family => File.Exists(FamilyFolders.Cases(family, "template_cases.json")))];

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_recorded_request_renders_and_encodes_as_in_the_reference(string family)
    {
        string folder = FamilyFolders.Model(family);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ChatTemplate template = ChatTemplate.Load(folder, tokenizer.Special)!;
        JsonElement[] cases = [.. RepositoryFiles.Json(FamilyFolders.Cases(family, "template_cases.json")).GetProperty("cases").EnumerateArray()];
        Assert.NotEmpty(cases);
        Assert.All(cases, item =>
        {
            if (item.TryGetProperty("error", out JsonElement error))
            {
                var e = Assert.Throws<ChatTemplateException>(() => Render(template, item.GetProperty("request")));
                Assert.Equal(error.GetString(), e.Message);
                Assert.True(e.RaisedByTemplate);
                return;
            }

            string text = Render(template, item.GetProperty("request"));
            Assert.Equal(item.GetProperty("text").GetString(), text);
            Assert.Equal(item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), tokenizer.Encode(text, addSpecialTokens: false));
        });
    }

    [Fact]
    public void The_demo_template_makes_the_goldens_prompts()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        ChatTemplate template = ChatTemplate.Load(RepositoryFiles.DemoModel, tokenizer.Special)!;
        JsonElement golden = RepositoryFiles.Json(RepositoryFiles.Data("goldens", "base.json")).GetProperty("cases")[0];
        string question = golden.GetProperty("prompt").GetString()!.Split("<|user|>\n")[1].Split("<|end|>")[0];
        string prompt = template.Render(JsonSerializer.SerializeToElement(new[] { new { role = "user", content = question } }));
        Assert.Equal("<|begin|>" + golden.GetProperty("prompt").GetString(), prompt);
        Assert.Equal(golden.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()), tokenizer.Encode(prompt, addSpecialTokens: false));
    }

    [Fact]
    public void A_folder_without_a_template_has_none()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("template-");
        Assert.Null(ChatTemplate.Load(folder.FullName, SpecialTokens.None));
        folder.Delete();
    }

    private static string Render(ChatTemplate template, JsonElement request) => template.Render(
        request.GetProperty("messages"),
        request.TryGetProperty("tools", out JsonElement tools) ? tools : null,
        request.GetProperty("add_generation_prompt").GetBoolean(),
        request.TryGetProperty("chat_template_kwargs", out JsonElement extra) ? extra : null);
}

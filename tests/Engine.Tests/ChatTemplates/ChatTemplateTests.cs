using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.ChatTemplates;

public sealed class ChatTemplateTests
{
    private const string ContentOnly = "{% for m in messages %}{{ m.content }};{% endfor %}";

    [Fact]
    public void Text_parts_become_one_string_where_the_template_expects_strings() =>
        Assert.Equal("a\nb;c;", Render(ContentOnly, """[{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, {"content": "c"}]"""));

    [Theory]
    [InlineData("{% for m in messages %}{% for p in m['content'] %}<{{ p.text }}>{% endfor %}{% endfor %}")]
    [InlineData("{% for m in messages %}{% set c = m.content %}{% if c is not string %}{% for p in c %}<{{ p.text }}>{% endfor %}{% endif %}{% endfor %}")]
    public void Parts_stay_parts_where_the_template_goes_through_them(string template) =>
        Assert.Equal("<a><b>", Render(template, """[{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]"""));

    [Fact]
    public void Other_parts_than_text_are_refused()
    {
        var e = Assert.Throws<ChatTemplateException>(() => Render(ContentOnly, """[{"content": [{"type": "image_url", "image_url": {"url": "x"}}]}]"""));
        Assert.Contains("text", e.Message, StringComparison.Ordinal);
        Assert.False(e.RaisedByTemplate);
    }

    [Theory]
    [InlineData("""{"a": 1}""")]
    [InlineData("\"text\"")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    public void Messages_that_are_no_list_of_objects_are_refused(string messages) => Assert.Throws<ChatTemplateException>(() => Render(ContentOnly, messages));

    [Fact]
    public void Text_that_is_no_valid_unicode_is_refused() => Assert.Throws<ChatTemplateException>(() => Render(ContentOnly, """[{"content": "\ud800"}]"""));

    [Theory]
    [InlineData("""{\"x\": 1}""", """{"x": 1};""")]
    [InlineData(@"{\""x\"": ", @"""{\""x\"": "";")]
    [InlineData("5", "\"5\";")]
    public void Arguments_of_tool_calls_given_as_text_become_what_the_text_says(string arguments, string expected) => Assert.Equal(
        expected,
        Render(
            "{% for m in messages %}{{ m.tool_calls[0].function.arguments | tojson }};{% endfor %}",
            $$$"""[{"tool_calls": [{"function": {"name": "f", "arguments": "{{{arguments}}}"}}]}]"""));

    [Fact]
    public void The_fixed_variables_cannot_be_replaced_and_special_tokens_are_known()
    {
        var special = new SpecialTokens { Texts = SpecialTokens.None.Texts.Add("bos_token", "<s>") };
        ChatTemplate template = ChatTemplate.Parse("{{ bos_token }}{{ messages | length }}{{ tools is none }}{{ add_generation_prompt }}{{ own }}", special);
        var extra = new JsonObject { ["messages"] = new JsonArray(1, 2, 3), ["tools"] = "x", ["add_generation_prompt"] = false, ["own"] = "o" };
        Assert.Equal("<s>0TrueTrueo", template.Render(new JsonArray(), null, true, extra));
    }

    [Fact]
    public void Of_several_templates_the_default_one_is_used_unless_tools_have_one_of_their_own()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("template-");
        File.WriteAllText(
            Path.Combine(folder.FullName, "tokenizer_config.json"),
            """{"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]}""");
        ChatTemplate template = ChatTemplate.Load(folder.FullName, SpecialTokens.None)!;
        folder.Delete(recursive: true);
        Assert.Equal("plain", template.Render(new JsonArray(), null, true, null));
        Assert.Equal("plain", template.Render(new JsonArray(), new JsonArray(), true, null));
        Assert.Equal("tools", template.Render(new JsonArray(), new JsonArray(new JsonObject()), true, null));
        Assert.Equal("plain", template.Render(new JsonArray(), new JsonArray(new JsonObject()), true, new JsonObject { ["chat_template"] = "default" }));
        Assert.Contains("default, tool_use", Assert.Throws<ChatTemplateException>(
            () => template.Render(new JsonArray(), null, true, new JsonObject { ["chat_template"] = "rag" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_the_folder_replace_the_template_of_the_settings_and_bring_names()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("template-");
        Directory.CreateDirectory(Path.Combine(folder.FullName, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(folder.FullName, "tokenizer_config.json"), """{"chat_template": "old"}""");
        File.WriteAllText(Path.Combine(folder.FullName, "chat_template.jinja"), "new\n");
        File.WriteAllText(Path.Combine(folder.FullName, "additional_chat_templates", "rag.jinja"), "{{ documents[0].text }}");
        ChatTemplate template = ChatTemplate.Load(folder.FullName, SpecialTokens.None)!;
        folder.Delete(recursive: true);
        Assert.Equal("new", template.Render(new JsonArray(), null, true, null));
        var extra = new JsonObject { ["chat_template"] = "rag", ["documents"] = new JsonArray(new JsonObject { ["text"] = "d" }) };
        Assert.Equal("d", template.Render(new JsonArray(), null, true, extra));
    }

    [Theory]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{{ '%100000000d' % 1 }}")]
    [InlineData("{{ '{:>100000000}'.format(1) }}")]
    [InlineData("{{ '%.100000000f' % 1 }}")]
    [InlineData("{{ '{a.b.c[}'.format(a=1) }}")]
    [InlineData("{{ 'x'.center(9223372036854775807) }}")]
    [InlineData("{{ 'x'.zfill(9223372036854775807) }}")]
    [InlineData("{{ range(9) | batch(9223372036854775807, 1) | list }}")]
    [InlineData("{{ [1] | slice(9223372036854775807) | list }}")]
    [InlineData("{{ [1, 'a'] | sort }}")]
    [InlineData("{% break %}")]
    public void Formats_and_loops_without_measure_or_sense_are_errors_of_the_template(string source) =>
        Assert.Throws<ChatTemplateException>(() => Render(source, "[]"));

    [Fact]
    public void The_date_comes_from_the_clock_that_was_given()
    {
        var time = new FixedTime(new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero));
        ChatTemplate template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y %-d %B %y-%m %H:%M:%S %A %j %% %Q') }}", SpecialTokens.None, time);
        Assert.Equal("03 Feb 2026 3 February 26-02 04:05:06 Tuesday 034 % %Q", template.Render(new JsonArray(), null, true, null));
    }

    [Fact]
    public void An_error_names_its_line()
    {
        var e = Assert.Throws<ChatTemplateException>(() => Render("a\nb\n{{ missing.field }}", "[]"));
        Assert.Contains("line 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("'missing' is undefined", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("a\n{% if %}", SpecialTokens.None));
        Assert.Contains("line 2", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(1000) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(1000) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(1000) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(1000) %}{% set ns.s = ns.s | replace('x', 'xxxx') %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xy') %}{% for i in range(1000) %}{% set ns.s = ns.s.replace('', ns.s) %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=['x']) %}{% for i in range(1000) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=['x']) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s == [ns.s] }}{{ ns.s | tojson }}")]
    [InlineData("{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}")]
    [InlineData("{% set ns = namespace(s={'k': 1}) %}{% for i in range(60) %}{% set ns.s = {'k': ns.s, 'l': ns.s} %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{{ 'x' * 9223372036854775807 }}")]
    [InlineData("{{ ('x' * 4000000).replace('', 'y' * 4000) }}")]
    [InlineData("{{ ['x'] * 9223372036854775807 }}")]
    [InlineData("{{ 'x'.ljust(9223372036854775807) }}")]
    [InlineData("{{ 9223372036854775807 + 1 }}")]
    [InlineData("{{ 10 ** 100 }}")]
    [InlineData("{{ (-9223372036854775807 - 1) // -1 }}")]
    [InlineData("{{ range(-9223372036854775807, 9223372036854775807) }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns.a | tojson }}")]
    public void A_template_without_end_or_measure_is_stopped(string source) => Assert.Throws<ChatTemplateException>(() => Render(source, "[]"));

    [Theory]
    [InlineData("(")]
    [InlineData("[")]
    [InlineData("-")]
    [InlineData("not ")]
    [InlineData("{1:")]
    [InlineData("x[")]
    [InlineData("x(")]
    [InlineData("x if ")]
    public void Nesting_without_measure_is_refused(string opening) =>
        Assert.Throws<ChatTemplateException>(() => Render("{{ " + string.Concat(Enumerable.Repeat(opening, 50_000)), "[]"));

    [Theory]
    [InlineData("+ 1")]
    [InlineData("~ 'x'")]
    [InlineData("| upper")]
    [InlineData(".x")]
    [InlineData("and 1")]
    public void A_chain_without_measure_is_refused(string link) =>
        Assert.Throws<ChatTemplateException>(() => Render("{{ 1 " + string.Concat(Enumerable.Repeat(link, 50_000)) + " }}", "[]"));

    [Fact]
    public void Nested_blocks_without_measure_are_refused() =>
        Assert.Throws<ChatTemplateException>(() => Render(string.Concat(Enumerable.Repeat("{% if true %}", 50_000)), "[]"));

    [Fact]
    public void A_long_conversation_fits_the_limits()
    {
        string text = new('x', 20_000);
        var messages = new JsonArray([.. Enumerable.Range(0, 500).Select(i => (JsonNode)new JsonObject { ["role"] = i % 2 == 0 ? "user" : "assistant", ["content"] = text })]);
        ChatTemplate template = ChatTemplate.Load(RepositoryFiles.Data("tokenizers", "llama3"), SpecialTokens.None)!;
        JsonObject extra = new() { ["bos_token"] = "" };
        Assert.True(template.Render(messages, null, true, extra).Length > 500 * 20_000);
    }

    private static string Render(string source, string messages)
    {
        using JsonDocument json = JsonDocument.Parse(messages);
        return ChatTemplate.Parse(source, SpecialTokens.None).Render(json.RootElement);
    }
}

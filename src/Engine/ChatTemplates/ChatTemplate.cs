using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.Engine.ChatTemplates.Rendering;
using AdapterServe.Engine.ChatTemplates.Syntax;
using AdapterServe.Engine.ChatTemplates.Values;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.ChatTemplates;

/// <summary>
/// Turns messages into a prompt as a model's Jinja template says. <b>Semantics</b>: as transformers renders it, with <c>trim_blocks</c>,
/// <c>lstrip_blocks</c> and loop controls. <b>Effects</b>: thread safe once loaded; a rendering is bounded in steps, depth and text.
/// <b>Source</b>: the Jinja documentation and transformers' documentation of chat templates.
/// </summary>
public sealed class ChatTemplate
{
    private const int MaxSourceCharacters = 1 << 20;
    private const string DefaultName = "default";
    private const string ToolName = "tool_use";

    private readonly FrozenDictionary<string, (Statement[] Statements, bool TakesParts)> _templates;
    private readonly SpecialTokens _special;
    private readonly TimeProvider _time;

    private ChatTemplate(IReadOnlyList<(string Name, string Source)> sources, SpecialTokens special, TimeProvider time)
    {
        SourceCharacters = sources.Sum(source => (long)source.Source.Length);
        _templates = sources.DistinctBy(source => source.Name).ToFrozenDictionary(source => source.Name, source => Compile(source.Source), StringComparer.Ordinal);
        _special = special;
        _time = time;
    }

    internal long SourceCharacters { get; }

    /// <summary>
    /// The template of a model folder: <c>chat_template.jinja</c>, else <c>chat_template</c> of <c>tokenizer_config.json</c>, which may be several by name;
    /// null where there is none. <b>Errors</b>: <see cref="ChatTemplateException"/> for a malformed template, <see cref="TokenizerException"/> for a malformed file.
    /// </summary>
    public static ChatTemplate? Load(string modelFolder, SpecialTokens special, TimeProvider? time = null)
    {
        List<(string Name, string Source)> sources = ReadSources(modelFolder);
        return sources.Count == 0 ? null : new ChatTemplate(sources, special, time ?? TimeProvider.System);
    }

    /// <summary>A template from its source. <b>Errors</b>: <see cref="ChatTemplateException"/>.</summary>
    public static ChatTemplate Parse(string source, SpecialTokens special, TimeProvider? time = null) =>
        new([(DefaultName, source)], special, time ?? TimeProvider.System);

    /// <summary>
    /// The prompt's text, special tokens included, to be encoded without adding any. Content parts are flattened where the template expects strings.
    /// </summary>
    /// <param name="messages">A list of objects, as OpenAI's chat endpoint takes them.</param>
    /// <param name="tools">Tool definitions, or null.</param>
    /// <param name="addGenerationPrompt">Ends the prompt where the assistant's answer begins.</param>
    /// <param name="extraVariables">An object of further variables (<c>chat_template_kwargs</c>); it can't replace the ones above.</param>
    /// <exception cref="ChatTemplateException">The template refuses the messages, fails on them, or exceeds its limits.</exception>
    public string Render(JsonElement messages, JsonElement? tools = null, bool addGenerationPrompt = true, JsonElement? extraVariables = null)
    {
        bool hasTools = tools is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0;
        (Statement[] statements, bool takesParts) = Choose(hasTools);
        var budget = new Budget(Length(messages) + Length(tools) + Length(extraVariables));
        var scope = new Scope(null);
        Globals.Define(scope, _time, budget);
        foreach ((string role, string text) in _special.Texts)
        {
            scope.Set(role, text);
        }

        if (extraVariables is { ValueKind: JsonValueKind.Object } extra)
        {
            foreach (JsonProperty variable in extra.EnumerateObject())
            {
                scope.Set(variable.Name, TemplateValue.FromJson(variable.Value));
            }
        }

        scope.Set("messages", ChatMessages.Read(messages, takesParts));
        scope.Set("tools", hasTools ? TemplateValue.FromJson(tools!.Value) : null);
        scope.Set("documents", null);
        scope.Set("add_generation_prompt", addGenerationPrompt);

        // A template's own names (sets at its top) must not show to later renderings; each has a scope of its own.
        return new Renderer(budget).Render(statements, new Scope(scope));
    }

    /// <inheritdoc cref="Render(JsonElement, JsonElement?, bool, JsonElement?)"/>
    public string Render(JsonNode messages, JsonNode? tools, bool addGenerationPrompt, JsonObject? extraVariables) =>
        Render(ToElement(messages), tools is null ? null : ToElement(tools), addGenerationPrompt, extraVariables is null ? null : ToElement(extraVariables));

    private (Statement[] Statements, bool TakesParts) Choose(bool hasTools)
    {
        if (hasTools && _templates.TryGetValue(ToolName, out (Statement[] Statements, bool TakesParts) forTools))
        {
            return forTools;
        }

        return _templates.TryGetValue(DefaultName, out (Statement[] Statements, bool TakesParts) usual)
            ? usual
            : throw new ChatTemplateException("The model has several chat templates and none is the default.");
    }

    private static (Statement[] Statements, bool TakesParts) Compile(string source)
    {
        if (source.Length > MaxSourceCharacters)
        {
            throw new ChatTemplateException($"The chat template is longer than {MaxSourceCharacters} characters.");
        }

        Statement[] statements = TemplateParser.Parse(source);
        return (statements, ContentForm.TakesParts(statements));
    }

    private static List<(string Name, string Source)> ReadSources(string modelFolder)
    {
        string file = Path.Combine(modelFolder, "chat_template.jinja");
        if (File.Exists(file))
        {
            return [(DefaultName, ReadFile(file))];
        }

        string config = Path.Combine(modelFolder, "tokenizer_config.json");
        if (!File.Exists(config))
        {
            return [];
        }

        using JsonDocument json = TokenizerJson.Open(config);
        return json.RootElement.Optional("chat_template") switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } named => [.. named.EnumerateArray().Select(item => (item.TextOf("name"), item.TextOf("template")))],
            { } single => [(DefaultName, single.Text("chat_template"))],
        };
    }

    private static string ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxSourceCharacters * 4L
                ? File.ReadAllText(path)
                : throw new ChatTemplateException($"The chat template is longer than {MaxSourceCharacters} characters.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChatTemplateException($"The chat template can't be read: {e.Message}", e);
        }
    }

    private static long Length(JsonElement? json) => json is { ValueKind: not JsonValueKind.Undefined } value ? value.GetRawText().Length : 0;

    private static JsonElement ToElement(JsonNode node)
    {
        using JsonDocument document = JsonDocument.Parse(node.ToJsonString());
        return document.RootElement.Clone();
    }
}

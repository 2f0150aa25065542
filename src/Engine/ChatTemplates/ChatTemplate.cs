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
    private const string ToolName = "tool_use";

    /// <summary>A variable that names one of several templates; no template sees it.</summary>
    private const string NameVariable = "chat_template";

    private readonly FrozenDictionary<string, (Statement[] Statements, bool TakesParts)> _templates;
    private readonly string[] _sources;
    private readonly SpecialTokens _special;
    private readonly TimeProvider _time;

    private ChatTemplate(IReadOnlyList<(string Name, string Source)> sources, SpecialTokens special, TimeProvider time)
    {
        _sources = [.. sources.Select(source => source.Source)];
        SourceCharacters = sources.Sum(source => (long)source.Source.Length);
        _templates = sources.DistinctBy(source => source.Name).ToFrozenDictionary(source => source.Name, source => Compile(source.Source), StringComparer.Ordinal);
        _special = special;
        _time = time;
    }

    internal long SourceCharacters { get; }

    /// <summary>
    /// The templates of a model folder, several of which have names; null where there are none. <b>Errors</b>: <see cref="ChatTemplateException"/> for a malformed template, <see cref="TokenizerException"/> for a malformed file.
    /// </summary>
    public static ChatTemplate? Load(string modelFolder, SpecialTokens special, TimeProvider? time = null)
    {
        List<(string Name, string Source)> sources = ChatTemplateFiles.Read(modelFolder);
        return sources.Count == 0 ? null : new ChatTemplate(sources, special, time ?? TimeProvider.System);
    }

    /// <summary>A template from its source. <b>Errors</b>: <see cref="ChatTemplateException"/>.</summary>
    public static ChatTemplate Parse(string source, SpecialTokens special, TimeProvider? time = null) =>
        new([(ChatTemplateFiles.DefaultName, source)], special, time ?? TimeProvider.System);

    /// <summary>Whether the source of one of the templates has this text.</summary>
    public bool Mentions(string text) => _sources.Any(source => source.Contains(text, StringComparison.Ordinal));

    /// <summary>
    /// The prompt's text, special tokens included, to be encoded without adding any. Content parts are flattened where the template expects strings.
    /// </summary>
    /// <param name="messages">A list of objects, as OpenAI's chat endpoint takes them.</param>
    /// <param name="tools">Tool definitions, or null.</param>
    /// <param name="addGenerationPrompt">Ends the prompt where the assistant's answer begins.</param>
    /// <param name="extraVariables">An object of further variables (<c>chat_template_kwargs</c>, <c>documents</c>); it can't replace the ones above.</param>
    /// <exception cref="ChatTemplateException">The template refuses the messages, fails on them, or exceeds its limits.</exception>
    public string Render(JsonElement messages, JsonElement? tools = null, bool addGenerationPrompt = true, JsonElement? extraVariables = null)
    {
        bool hasTools = tools is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0;
        (Statement[] statements, bool takesParts) = Choose(hasTools, extraVariables);
        var budget = new Budget(Length(messages) + Length(tools) + Length(extraVariables));
        var scope = new Scope(null);
        Globals.Define(scope, _time, budget);
        foreach ((string role, string text) in _special.Texts)
        {
            scope.Set(role, text);
        }

        scope.Set("documents", null);
        if (extraVariables is { ValueKind: JsonValueKind.Object } extra)
        {
            foreach (JsonProperty variable in extra.EnumerateObject().Where(variable => variable.Name != NameVariable))
            {
                scope.Set(variable.Name, TemplateValue.FromJson(variable.Value));
            }
        }

        scope.Set("messages", ChatMessages.Read(messages, takesParts));
        scope.Set("tools", hasTools ? TemplateValue.FromJson(tools!.Value) : null);
        scope.Set("add_generation_prompt", addGenerationPrompt);

        // A template's own names (sets at its top) must not show to later renderings; each has a scope of its own.
        return new Renderer(budget).Render(statements, new Scope(scope));
    }

    /// <inheritdoc cref="Render(JsonElement, JsonElement?, bool, JsonElement?)"/>
    public string Render(JsonNode messages, JsonNode? tools, bool addGenerationPrompt, JsonObject? extraVariables) =>
        Render(ToElement(messages), tools is null ? null : ToElement(tools), addGenerationPrompt, extraVariables is null ? null : ToElement(extraVariables));

    // The one that is asked for, else that for tools where there are some, else the default.
    private (Statement[] Statements, bool TakesParts) Choose(bool hasTools, JsonElement? variables)
    {
        string? asked = variables is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty(NameVariable, out JsonElement name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()
            : null;
        string chosen = asked ?? (hasTools && _templates.ContainsKey(ToolName) ? ToolName : ChatTemplateFiles.DefaultName);
        string known = string.Join(", ", _templates.Keys.Order(StringComparer.Ordinal));
        return _templates.TryGetValue(chosen, out (Statement[] Statements, bool TakesParts) template)
            ? template
            : throw new ChatTemplateException(asked is null
                ? $"The model has several chat templates and none is the default; chat_template_kwargs may name one as chat_template: {known}."
                : $"The model has no chat template of this name; it has {known}.");
    }

    private static (Statement[] Statements, bool TakesParts) Compile(string source)
    {
        if (source.Length > ChatTemplateFiles.MaxSourceCharacters)
        {
            throw new ChatTemplateException($"The chat template is longer than {ChatTemplateFiles.MaxSourceCharacters} characters.");
        }

        Statement[] statements = TemplateParser.Parse(source);
        return (statements, ContentForm.TakesParts(statements));
    }

    private static long Length(JsonElement? json) => json is { ValueKind: not JsonValueKind.Undefined } value ? value.GetRawText().Length : 0;

    private static JsonElement ToElement(JsonNode node)
    {
        using JsonDocument document = JsonDocument.Parse(node.ToJsonString());
        return document.RootElement.Clone();
    }
}

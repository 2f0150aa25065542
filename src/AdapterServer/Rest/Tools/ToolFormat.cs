using System.Collections.Immutable;
using AdapterServe.Engine.ChatTemplates;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>How a family of models writes calls of functions.</summary>
/// <param name="Name">The value of <c>--tool-calls</c>.</param>
/// <param name="Begins">What stands before calls, any of them.</param>
/// <param name="End">What stands behind calls, or null.</param>
internal sealed record ToolFormat(string Name, ImmutableArray<string> Begins, string? End)
{
    public const string Auto = "auto";

    /// <summary>An answer may also begin with calls without anything before them.</summary>
    public bool IsBare { get; init; }

    /// <summary>Calls may also be <c>name[ARGS]{…}</c>, and their ids have nine characters.</summary>
    public bool IsMistral { get; init; }

    /// <summary>The member that has a call's arguments.</summary>
    public string ArgumentsName { get; init; } = "arguments";

    /// <summary>What a prompt ends with where a call must follow.</summary>
    public string PromptEnd { get; init; } = string.Empty;

    /// <summary>What stands before, between and behind several calls that must come; null where the family has no way to write several.</summary>
    public (string Open, string Between, string Close)? Several { get; init; }

    /// <summary>What stands behind one call that must come, where not several may.</summary>
    public string CloseOne { get; init; } = string.Empty;

    public static ImmutableArray<ToolFormat> All { get; } =
    [
        new("hermes", ["<tool_call>"], "</tool_call>")
        {
            PromptEnd = "<tool_call>\n",
            Several = (string.Empty, "\n</tool_call>\n<tool_call>\n", "\n</tool_call>"),
            CloseOne = "\n</tool_call>",
        },
        new("llama3", ["<|python_tag|>"], null) { IsBare = true, ArgumentsName = "parameters" },
        new("mistral", ["[TOOL_CALLS]"], null) { IsMistral = true, PromptEnd = "[TOOL_CALLS]", Several = List },
        new("phi4", ["<|tool_call|>", "functools"], "<|/tool_call|>") { PromptEnd = "<|tool_call|>", Several = List },
        new("json", [], null) { IsBare = true, Several = List },
    ];

    public static string Names => string.Join(", ", All.Select(format => format.Name).Prepend(Auto));

    private static (string Open, string Between, string Close) List => ("[", ", ", "]");

    /// <summary>The one of this name; for <see cref="Auto"/> the one that a chat template shows, else plain JSON.</summary>
    public static ToolFormat Of(string name, ChatTemplate? template) => All.First(format => format.Name == (name == Auto ? Shown(template) : name));

    private static string Shown(ChatTemplate? template) => template switch
    {
        null => "json",
        _ when template.Mentions("<tool_call>") => "hermes",
        _ when template.Mentions("[TOOL_CALLS]") => "mistral",
        _ when template.Mentions("<|tool|>") || template.Mentions("<|tool_call|>") => "phi4",
        _ when template.Mentions("<|python_tag|>") || (template.Mentions("<|start_header_id|>") && template.Mentions("\"parameters\": ")) => "llama3",
        _ => "json",
    };
}

using System.Collections.Immutable;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Guided;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>The functions of a chat, in the way in which its model writes calls.</summary>
/// <param name="Format">How calls are written.</param>
/// <param name="Request">What the client asks for.</param>
internal sealed record ChatTools(ToolFormat Format, ToolRequest Request)
{
    private readonly ImmutableHashSet<string> _names = [.. Request.Functions.Select(function => function.Name)];

    /// <summary>What the prompt ends with; a model that must call is past the mark.</summary>
    public string PromptEnd => IsForced ? Format.PromptEnd : string.Empty;

    private bool IsForced => Request.Choice != ToolChoice.Auto;

    /// <summary>
    /// The settings with the answer held to calls where some must come, and with the marks shown that are special tokens.
    /// <b>Errors</b>: 400 where the request holds the answer to something else.
    /// </summary>
    public GenerationSettings Into(GenerationSettings settings, ServingTokens tokens)
    {
        if (IsForced && settings.Guide is { } other)
        {
            throw ApiException.Invalid("tool_choice", $"'tool_choice' and '{other.Param}' both say what the answer looks like; give one of them.");
        }

        string[] marks = [.. Format.Begins, .. Format.IsMistral ? ["[ARGS]", "[CALL_ID]"] : ImmutableArray<string>.Empty, Format.End ?? string.Empty];
        return settings with { Guide = IsForced ? new GuideRequest(GuideKind.Calls, Guide().ToJsonString(), "tools") : settings.Guide, ShownIds = tokens.IdsOf(marks) };
    }

    public ToolCallReader CreateReader() => new(Format, _names, PromptEnd.Length > 0);

    /// <summary>A name for a call that no other has.</summary>
    public string NewId()
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        // Templates of Mistral's take no others.
        return Format.IsMistral ? System.Security.Cryptography.RandomNumberGenerator.GetString(letters, 9) : "call_" + System.Security.Cryptography.RandomNumberGenerator.GetString(letters, 24);
    }

    private JsonObject Guide()
    {
        var several = Request is { Choice: ToolChoice.Required, IsParallel: true } ? Format.Several : null;
        var (open, between, close) = several ?? (string.Empty, string.Empty, Format.CloseOne);
        return new JsonObject
        {
            ["open"] = open,
            ["between"] = between,
            ["close"] = close,
            ["many"] = several is not null,
            ["calls"] = new JsonArray([.. Request.Functions.Select(Call)]),
        };
    }

    private JsonNode Call(ToolFunction function) => new JsonObject
    {
        ["name"] = function.Name,
        ["before"] = $$"""{"name": "{{function.Name}}", "{{Format.ArgumentsName}}": """,
        ["schema"] = JsonNode.Parse(function.Schema),
        ["after"] = "}",
    };
}

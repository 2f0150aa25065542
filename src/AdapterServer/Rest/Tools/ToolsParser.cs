using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>
/// Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.
/// </summary>
internal static partial class ToolsParser
{
    private const string NoArguments = """{"type":"object","additionalProperties":false}""";

    /// <summary>Null without tools, and where none may be called.</summary>
    public static ToolRequest? Parse(JsonFields fields)
    {
        var (choice, named) = Choice(fields);
        var isParallel = fields.Bool("parallel_tool_calls", absent: true);
        if (!fields.TryGet("tools", out var tools))
        {
            return choice is null or ToolChoice.Auto ? null : throw ApiException.Invalid("tool_choice", "'tool_choice' asks for a call, and there are no 'tools'.");
        }

        var functions = Functions(tools);
        if (choice is null || functions.IsEmpty)
        {
            return choice is null or ToolChoice.Auto ? null : throw ApiException.Invalid("tool_choice", "'tool_choice' asks for a call, and 'tools' is an empty list.");
        }

        if (choice == ToolChoice.Named)
        {
            functions = [functions.FirstOrDefault(function => function.Name == named)
                ?? throw ApiException.Invalid("tool_choice", "'tool_choice' names a function that 'tools' does not have.")];
        }

        return new ToolRequest(JsonArray.Create(tools)!, functions, choice.Value, isParallel);
    }

    /// <summary>Null for none.</summary>
    private static (ToolChoice? Choice, string? Named) Choice(JsonFields fields)
    {
        if (!fields.TryGet("tool_choice", out var value))
        {
            return (ToolChoice.Auto, null);
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString() switch
            {
                "none" => (null, null),
                "auto" => (ToolChoice.Auto, null),
                "required" => (ToolChoice.Required, null),
                _ => throw ApiException.Invalid("tool_choice", "'tool_choice' is 'none', 'auto', 'required' or names a function."),
            };
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType("tool_choice", "a string or an object");
        }

        var choice = new JsonFields(value, "tool_choice.");
        if (choice.RequiredString("type") != "function")
        {
            throw ApiException.Unsupported("tool_choice", "A 'tool_choice' that is an object names a function: its type is 'function'.");
        }

        var function = choice.Object("function") ?? throw ApiException.Missing("tool_choice.function");
        return (ToolChoice.Named, function.RequiredString("name"));
    }

    private static ImmutableArray<ToolFunction> Functions(JsonElement tools)
    {
        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType("tools", "a list of tools");
        }

        if (tools.GetArrayLength() > RequestLimits.Tools)
        {
            throw ApiException.Invalid("tools", $"'tools' has more than {RequestLimits.Tools} tools.");
        }

        var functions = ImmutableArray.CreateBuilder<ToolFunction>();
        foreach (var tool in tools.EnumerateArray())
        {
            var function = Function(tool, $"tools[{functions.Count}]");
            functions.Add(functions.Any(other => other.Name == function.Name) ? throw ApiException.Invalid("tools", $"'tools' has two functions {function.Name}.") : function);
        }

        return functions.DrainToImmutable();
    }

    private static ToolFunction Function(JsonElement tool, string path)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType("tools", "a list of objects");
        }

        var members = new JsonFields(tool, path + ".");
        if (members.RequiredString("type") != "function")
        {
            throw ApiException.Unsupported(path + ".type", "Only tools of type 'function' are supported.");
        }

        var function = members.Object("function") ?? throw ApiException.Missing(path + ".function");
        function.String("description");
        function.Bool("strict", absent: false);
        var name = function.RequiredString("name");
        return NamePattern().IsMatch(name)
            ? new ToolFunction(name, Schema(function))
            : throw ApiException.Invalid(function.Path("name"), "A function's name has 1 to 128 letters, digits and the characters _ - . : /.");
    }

    /// <summary>Arguments are an object; where parameters are named and there are none, the empty one.</summary>
    private static string Schema(JsonFields function)
    {
        if (!function.TryGet("parameters", out var value))
        {
            return NoArguments;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType(function.Path("parameters"), "a JSON schema of an object");
        }

        var type = value.TryGetProperty("type", out var given) ? given : default;
        if (type.ValueKind != JsonValueKind.Undefined && !(type.ValueKind == JsonValueKind.String && type.GetString() == "object"))
        {
            throw ApiException.Invalid(function.Path("parameters"), "The parameters of a function are of type 'object'.");
        }

        var schema = JsonObject.Create(value)!;
        schema["type"] = "object";
        var isEmpty = schema["properties"] is JsonObject { Count: 0 } && schema["additionalProperties"] is null && schema["required"] is null or JsonArray { Count: 0 };
        return isEmpty ? NoArguments : schema.ToJsonString();
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.:/-]{1,128}\z")]
    private static partial Regex NamePattern();
}

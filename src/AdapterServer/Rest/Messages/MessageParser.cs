using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>
/// Reads the bodies of <c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c> into that of a chat. Fields that both know, and those of this server (<c>adapters</c>, <c>seed</c>, …), go
/// over as they are. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.
/// </summary>
internal static class MessageParser
{
    /// <summary>Fields with a meaning of their own here, and chat's names of the same things.</summary>
    private static readonly string[] Translated =
    [
        "system", "messages", "max_tokens", "stop_sequences", "tools", "tool_choice", "metadata", "thinking", "output_config", "mcp_servers", "container",
        "stop", "max_completion_tokens", "response_format", "n", "best_of", "logprobs", "top_logprobs", "functions", "function_call", "modalities", "documents",
        "parallel_tool_calls", "stream_options",
    ];

    private static readonly string[] Refused = ["mcp_servers", "container"];

    public static JsonObject Parse(JsonElement body, bool isCounted)
    {
        var fields = new JsonFields(body);
        foreach (var name in Refused.Where(fields.Has))
        {
            throw ApiException.Unsupported(name, $"'{name}' is not supported.");
        }

        if (fields.Object("thinking")?.RequiredString("type") is "enabled")
        {
            throw ApiException.Unsupported("thinking", "'thinking' can't be enabled: what a model thinks is part of its text.");
        }

        var chat = new JsonObject();
        foreach (var property in body.EnumerateObject().Where(property => !Translated.Contains(property.Name)))
        {
            chat[property.Name] = JsonNodes.Of(property.Value);
        }

        chat["messages"] = MessageInput.Messages(fields);
        if (!isCounted)
        {
            chat["max_tokens"] = fields.Int("max_tokens", 1, int.MaxValue) ?? throw ApiException.Missing("max_tokens");
            chat["stop"] = Stops(fields);
        }

        if (fields.Object("metadata")?.String("user_id") is { } user)
        {
            chat["user"] = user;
        }

        if (fields.Object("output_config") is { } output && output.Object("format") is { } format)
        {
            chat["response_format"] = Format(format);
        }

        if (Tools(fields) is { } tools)
        {
            chat["tools"] = tools;
        }

        if (fields.Object("tool_choice") is { } choice)
        {
            chat["tool_choice"] = Choice(choice);
            chat["parallel_tool_calls"] = !choice.Bool("disable_parallel_tool_use", absent: false);
        }

        return chat;
    }

    private static JsonArray? Stops(JsonFields fields)
    {
        if (!fields.TryGet("stop_sequences", out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String)
            ? JsonArray.Create(value)
            : throw ApiException.WrongType("stop_sequences", "a list of strings");
    }

    private static JsonObject Format(JsonFields format)
    {
        if (format.RequiredString("type") != "json_schema")
        {
            throw ApiException.Unsupported(format.Path("type"), "A format is 'json_schema'.");
        }

        return format.TryGet("schema", out var schema)
            ? new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["schema"] = JsonNodes.Of(schema) } }
            : throw ApiException.Missing(format.Path("schema"));
    }

    private static JsonArray? Tools(JsonFields fields)
    {
        if (fields.Objects("tools") is not { } given)
        {
            return null;
        }

        var tools = new JsonArray();
        foreach (var tool in given)
        {
            var members = new JsonFields(tool, $"tools[{tools.Count}].");
            if (members.String("type") is not (null or "custom"))
            {
                throw ApiException.Unsupported(members.Path("type"), "Only tools of the client's own are supported.");
            }

            var function = new JsonObject { ["name"] = members.RequiredString("name") };
            if (members.String("description") is { } description)
            {
                function["description"] = description;
            }

            function["parameters"] = members.TryGet("input_schema", out var schema) ? JsonNodes.Of(schema) : throw ApiException.Missing(members.Path("input_schema"));
            tools.Add((JsonNode)new JsonObject { ["type"] = "function", ["function"] = function });
        }

        return tools;
    }

    private static JsonNode Choice(JsonFields choice) => choice.RequiredString("type") switch
    {
        "auto" => "auto",
        "none" => "none",
        "any" => "required",
        "tool" => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = choice.RequiredString("name") } },
        _ => throw ApiException.Invalid("tool_choice.type", "A tool choice is 'auto', 'any', 'tool' or 'none'."),
    };
}

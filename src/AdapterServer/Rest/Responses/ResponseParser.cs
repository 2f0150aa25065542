using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>
/// Reads the body of <c>POST /v1/responses</c> into that of a chat. Fields that both know, and those of this server (<c>adapters</c>, <c>top_k</c>, …), go over as they are.
/// <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.
/// </summary>
internal static class ResponseParser
{
    private static readonly string[] Echoed = ["instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "text", "tool_choice", "tools", "user"];

    /// <summary>Fields with a meaning of their own here, and chat's names of the same things.</summary>
    private static readonly string[] Translated =
    [
        "input", "instructions", "max_output_tokens", "text", "tools", "tool_choice", "previous_response_id", "conversation", "background", "prompt",
        "truncation", "include", "store", "stream_options",
        "messages", "max_tokens", "max_completion_tokens", "response_format", "n", "best_of", "logprobs", "top_logprobs", "functions", "function_call", "modalities", "documents",
    ];

    private static readonly string[] Stored = ["previous_response_id", "conversation"];

    public static ResponseRequest Parse(JsonElement body)
    {
        var fields = new JsonFields(body);
        Refuse(fields);
        var chat = new JsonObject();
        foreach (var property in body.EnumerateObject().Where(property => !Translated.Contains(property.Name)))
        {
            chat[property.Name] = JsonNodes.Of(property.Value);
        }

        chat["messages"] = ResponseInput.Messages(fields);
        if (fields.Int("max_output_tokens", 1, int.MaxValue) is { } most)
        {
            chat["max_completion_tokens"] = most;
        }

        if (Format(fields) is { } format)
        {
            chat["response_format"] = format;
        }

        if (Tools(fields) is { } tools)
        {
            chat["tools"] = tools;
        }

        if (Choice(fields) is { } choice)
        {
            chat["tool_choice"] = choice;
        }

        return new ResponseRequest(chat, Echoed.Where(fields.Has).ToDictionary(name => name, name => body.GetProperty(name).Clone(), StringComparer.Ordinal));
    }

    private static void Refuse(JsonFields fields)
    {
        foreach (var name in Stored.Where(fields.Has))
        {
            throw ApiException.Unsupported(name, $"'{name}' is not supported: answers are not stored; send what was said before as items of 'input'.");
        }

        if (fields.Bool("background", absent: false))
        {
            throw ApiException.Unsupported("background", "'background' is not supported: answers are not stored.");
        }

        if (fields.Has("prompt"))
        {
            throw ApiException.Unsupported("prompt", "'prompt' is not supported: this server stores no prompts.");
        }

        if (fields.String("truncation") is not (null or "disabled"))
        {
            throw ApiException.Unsupported("truncation", "'truncation' may only be 'disabled': nothing of the input is left out.");
        }

        if (fields.TryGet("top_logprobs", out var top) && !(top.ValueKind == JsonValueKind.Number && top.TryGetInt32(out var count) && count == 0))
        {
            throw ApiException.Unsupported("top_logprobs", "'top_logprobs' is not supported here; /v1/chat/completions has log-probabilities.");
        }

        if (fields.TryGet("include", out var include) && include.ValueKind == JsonValueKind.Array
            && include.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString() != "reasoning.encrypted_content"))
        {
            throw ApiException.Unsupported("include", "'include' may only name 'reasoning.encrypted_content', of which there is none.");
        }
    }

    private static JsonObject? Format(JsonFields fields)
    {
        if (fields.Object("text") is not { } text || text.Object("format") is not { } format)
        {
            return null;
        }

        var type = format.RequiredString("type");
        if (type != "json_schema")
        {
            return type is "text" or "json_object" ? new JsonObject { ["type"] = type } : throw ApiException.Unsupported("text.format", "A format is 'text', 'json_object' or 'json_schema'.");
        }

        return format.TryGet("schema", out var schema)
            ? new JsonObject { ["type"] = type, ["json_schema"] = new JsonObject { ["schema"] = JsonNodes.Of(schema) } }
            : throw ApiException.Missing("text.format.schema");
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
            if (members.RequiredString("type") != "function")
            {
                throw ApiException.Unsupported(members.Path("type"), "Only tools of type 'function' are supported.");
            }

            members.RequiredString("name");
            var function = JsonObject.Create(tool)!.DeepClone().AsObject();
            function.Remove("type");
            tools.Add((JsonNode)new JsonObject { ["type"] = "function", ["function"] = function });
        }

        return tools;
    }

    private static JsonNode? Choice(JsonFields fields)
    {
        if (!fields.TryGet("tool_choice", out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            return JsonNodes.Of(value);
        }

        var choice = new JsonFields(value, "tool_choice.");
        var type = choice.RequiredString("type");
        return new JsonObject { ["type"] = type, ["function"] = type == "function" ? new JsonObject { ["name"] = choice.RequiredString("name") } : null };
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>
/// <c>instructions</c> and the items of <c>input</c> as messages of a chat. <b>Semantics</b>: calls go into the assistant's message before them, or one of their own; what a model
/// thought is left out. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the item.
/// </summary>
internal static class ResponseInput
{
    private const string Assistant = "assistant";
    private static readonly string[] Roles = ["user", Assistant, "system", "developer"];

    public static JsonArray Messages(JsonFields fields)
    {
        var messages = new JsonArray();
        if (fields.String("instructions") is { } instructions)
        {
            messages.Add((JsonNode)Message("system", instructions));
        }

        if (!fields.TryGet("input", out var input))
        {
            throw ApiException.Missing("input");
        }

        if (input.ValueKind == JsonValueKind.String)
        {
            messages.Add((JsonNode)Message("user", input.GetString()!));
            return messages;
        }

        if (input.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType("input", "a string or a list of items");
        }

        if (input.GetArrayLength() == 0)
        {
            throw ApiException.Invalid("input", "'input' is an empty list.");
        }

        var place = 0;
        foreach (var item in input.EnumerateArray())
        {
            Add(messages, item, $"input[{place++}]");
        }

        return messages;
    }

    private static void Add(JsonArray messages, JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType(path, "an object");
        }

        var fields = new JsonFields(item, path + ".");
        switch (fields.String("type") ?? "message")
        {
            case "message":
                var role = fields.RequiredString("role");
                messages.Add((JsonNode)Message(Roles.Contains(role) ? role : throw ApiException.Invalid(path + ".role", $"A role is one of {string.Join(", ", Roles)}."), Content(fields, "content")));
                break;
            case "function_call":
                Calls(messages).Add((JsonNode)new JsonObject
                {
                    ["id"] = fields.RequiredString("call_id"),
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = fields.RequiredString("name"), ["arguments"] = fields.RequiredString("arguments") },
                });
                break;
            case "function_call_output":
                var answer = Message("tool", Content(fields, "output"));
                answer["tool_call_id"] = fields.RequiredString("call_id");
                messages.Add((JsonNode)answer);
                break;
            case "reasoning":
                break;
            default:
                throw ApiException.Unsupported(path + ".type", "An item is a 'message', a 'function_call' or a 'function_call_output'.");
        }
    }

    private static JsonObject Message(string role, JsonNode content) => new() { ["role"] = role, ["content"] = content };

    private static JsonArray Calls(JsonArray messages)
    {
        if (messages.Count == 0 || (string)messages[^1]!["role"]! != Assistant)
        {
            messages.Add((JsonNode)new JsonObject { ["role"] = Assistant, ["content"] = null });
        }

        var last = messages[^1]!;
        last["tool_calls"] ??= new JsonArray();
        return last["tool_calls"]!.AsArray();
    }

    private static JsonNode Content(JsonFields fields, string name)
    {
        if (!fields.TryGet(name, out var value))
        {
            throw ApiException.Missing(fields.Path(name));
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString()!;
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(part => part.ValueKind != JsonValueKind.Object))
        {
            throw ApiException.WrongType(fields.Path(name), "a string or a list of parts");
        }

        var parts = new JsonArray();
        foreach (var part in value.EnumerateArray())
        {
            var members = new JsonFields(part, $"{fields.Path(name)}[{parts.Count}].");
            var text = members.RequiredString("type") switch
            {
                "input_text" or "output_text" or "text" => members.RequiredString("text"),
                "refusal" => members.RequiredString("refusal"),
                _ => throw ApiException.Unsupported(members.Path("type"), "Only parts of text are supported."),
            };
            parts.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = text });
        }

        return parts;
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.Tools;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>Reads <c>messages</c> and what goes with them; shared by chat completions and <c>/tokenize</c>.</summary>
internal static class ChatPromptParser
{
    // A role goes into the prompt as it is; only known ones can't be mistaken for something else.
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function"];

    public static ChatPrompt Parse(JsonFields fields)
    {
        if (fields.Bool("continue_final_message", absent: false))
        {
            throw ApiException.Unsupported("continue_final_message", "'continue_final_message' is not supported; /v1/completions continues any text.");
        }

        return new ChatPrompt(
            Messages(fields),
            ToolsParser.Parse(fields),
            fields.Bool("add_generation_prompt", absent: true),
            Variables(fields),
            fields.Bool("add_special_tokens", absent: false));
    }

    private static JsonObject? Variables(JsonFields fields)
    {
        var extra = Members(fields, "chat_template_kwargs", JsonValueKind.Object, "an object");
        var variables = extra is { } value ? JsonObject.Create(value)! : null;
        if (Members(fields, "documents", JsonValueKind.Array, "a list of documents") is not { } documents)
        {
            return variables;
        }

        if (documents.EnumerateArray().Any(document => document.ValueKind != JsonValueKind.Object))
        {
            throw ApiException.WrongType("documents", "a list of objects");
        }

        variables ??= [];
        variables["documents"] = JsonArray.Create(documents);
        return variables;
    }

    private static JsonArray Messages(JsonFields fields)
    {
        if (Members(fields, "messages", JsonValueKind.Array, "a list of messages") is not { } value)
        {
            throw ApiException.Missing("messages");
        }

        var count = value.GetArrayLength();
        if (count is 0 or > RequestLimits.Messages)
        {
            throw ApiException.Invalid("messages", count == 0 ? "'messages' is an empty list." : $"'messages' has more than {RequestLimits.Messages} messages.");
        }

        var messages = new JsonArray();
        foreach (var item in value.EnumerateArray())
        {
            messages.Add((JsonNode)Message(item, $"messages[{messages.Count}]"));
        }

        return messages;
    }

    private static JsonObject Message(JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType(path, "an object");
        }

        var fields = new JsonFields(item, path + ".");
        var role = fields.RequiredString("role");
        if (!Roles.Contains(role, StringComparer.Ordinal))
        {
            throw ApiException.Invalid(path + ".role", $"A role is one of {string.Join(", ", Roles)}.");
        }

        CheckContent(fields, role);
        CheckCalls(fields);
        var message = new JsonObject();
        foreach (var property in item.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Null || property.Name == "content"))
        {
            message[property.Name] = JsonNodes.Of(property.Value);
        }

        return message;
    }

    private static void CheckContent(JsonFields fields, string role)
    {
        var path = fields.Path("content");
        if (!fields.TryGet("content", out var content))
        {
            // An answer that only called tools has no content.
            if (role != "assistant")
            {
                throw ApiException.Missing(path);
            }

            return;
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            return;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType(path, "a string or a list of parts");
        }

        foreach (var part in content.EnumerateArray())
        {
            CheckPart(part, path);
        }
    }

    private static void CheckCalls(JsonFields fields)
    {
        var path = fields.Path("tool_calls");
        foreach (var call in fields.Objects("tool_calls") ?? [])
        {
            var function = new JsonFields(call, path + ".").Object("function") ?? throw ApiException.Missing(path + ".function");
            function.RequiredString("name");
            if (!function.TryGet("arguments", out var arguments) || arguments.ValueKind is not (JsonValueKind.String or JsonValueKind.Object))
            {
                throw ApiException.WrongType(function.Path("arguments"), "JSON text or an object");
            }
        }
    }

    private static void CheckPart(JsonElement part, string path)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType(path, "a list of objects");
        }

        var fields = new JsonFields(part, path + ".");
        if (fields.RequiredString("type") != "text")
        {
            throw ApiException.Unsupported(path, "Only parts of type 'text' are supported.");
        }

        fields.RequiredString("text");
    }

    private static JsonElement? Members(JsonFields fields, string name, JsonValueKind kind, string expected)
    {
        if (!fields.TryGet(name, out var value))
        {
            return null;
        }

        return value.ValueKind == kind ? value : throw ApiException.WrongType(fields.Path(name), expected);
    }
}

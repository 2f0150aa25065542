using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>
/// <c>system</c> and <c>messages</c> as messages of a chat. <b>Semantics</b>: each result of a tool is a message of its own, at its place among the user's texts; what a model thought is
/// left out. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the block.
/// </summary>
internal static class MessageInput
{
    public static JsonArray Messages(JsonFields fields)
    {
        var messages = new JsonArray();
        if (fields.TryGet("system", out var system))
        {
            messages.Add((JsonNode)Message("system", Text(system, "system")));
        }

        if (!fields.TryGet("messages", out var value))
        {
            throw ApiException.Missing("messages");
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType("messages", "a list of messages");
        }

        var count = value.GetArrayLength();
        if (count is 0 or > RequestLimits.Messages)
        {
            throw ApiException.Invalid("messages", count == 0 ? "'messages' is an empty list." : $"'messages' has more than {RequestLimits.Messages} messages.");
        }

        var place = 0;
        foreach (var item in value.EnumerateArray())
        {
            var path = $"messages[{place++}]";
            var role = item.ValueKind == JsonValueKind.Object ? new JsonFields(item, path + ".").RequiredString("role") : throw ApiException.WrongType(path, "an object");
            switch (role)
            {
                case "user":
                    AddUser(messages, item, path + ".content");
                    break;
                case "assistant" when place == count:
                    throw ApiException.Unsupported(path, "The last message is the user's: continuing an answer is not supported.");
                case "assistant":
                    messages.Add((JsonNode)Assistant(item, path + ".content"));
                    break;
                default:
                    throw ApiException.Invalid(path + ".role", "A role is user or assistant.");
            }
        }

        return messages;
    }

    private static JsonObject Message(string role, JsonNode content) => new() { ["role"] = role, ["content"] = content };

    private static void AddUser(JsonArray messages, JsonElement item, string path)
    {
        var texts = new JsonArray();
        foreach (var (block, type) in Blocks(item, path))
        {
            if (type == "text")
            {
                texts.Add((JsonNode)TextPart(block));
                continue;
            }

            if (type != "tool_result")
            {
                throw ApiException.Unsupported(block.Path("type"), "A user's blocks are of type 'text' or 'tool_result'.");
            }

            texts = AddTexts(messages, texts);
            var answer = Message("tool", block.TryGet("content", out var content) ? Text(content, block.Path("content")) : string.Empty);
            answer["tool_call_id"] = block.RequiredString("tool_use_id");
            messages.Add((JsonNode)answer);
        }

        AddTexts(messages, texts);
    }

    /// <summary>A list for the next ones.</summary>
    private static JsonArray AddTexts(JsonArray messages, JsonArray texts)
    {
        if (texts.Count == 0)
        {
            return texts;
        }

        messages.Add((JsonNode)Message("user", texts));
        return [];
    }

    private static JsonObject Assistant(JsonElement item, string path)
    {
        var (texts, calls) = (new JsonArray(), new JsonArray());
        foreach (var (block, type) in Blocks(item, path))
        {
            switch (type)
            {
                case "text":
                    texts.Add((JsonNode)TextPart(block));
                    break;
                case "tool_use":
                    var input = block.TryGet("input", out var value) && value.ValueKind == JsonValueKind.Object ? value : throw ApiException.WrongType(block.Path("input"), "an object");
                    calls.Add((JsonNode)new JsonObject
                    {
                        ["id"] = block.RequiredString("id"),
                        ["type"] = "function",
                        ["function"] = new JsonObject { ["name"] = block.RequiredString("name"), ["arguments"] = JsonObject.Create(input) },
                    });
                    break;
                case "thinking" or "redacted_thinking":
                    break;
                default:
                    throw ApiException.Unsupported(block.Path("type"), "An assistant's blocks are of type 'text', 'tool_use' or 'thinking'.");
            }
        }

        var message = new JsonObject { ["role"] = "assistant", ["content"] = texts.Count > 0 || calls.Count == 0 ? texts : null };
        if (calls.Count > 0)
        {
            message["tool_calls"] = calls;
        }

        return message;
    }

    /// <summary>The blocks of a message's content; a string is one of text.</summary>
    private static IEnumerable<(JsonFields Block, string Type)> Blocks(JsonElement item, string path)
    {
        if (!item.TryGetProperty("content", out var content))
        {
            throw ApiException.Missing(path);
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            var text = JsonElement.Parse(new JsonObject { ["text"] = content.GetString() }.ToJsonString());
            return [(new JsonFields(text, path + "."), "text")];
        }

        if (content.ValueKind != JsonValueKind.Array || content.EnumerateArray().Any(block => block.ValueKind != JsonValueKind.Object))
        {
            throw ApiException.WrongType(path, "a string or a list of blocks");
        }

        return content.EnumerateArray().Select((block, i) => new JsonFields(block, $"{path}[{i}].")).Select(block => (block, block.RequiredString("type")));
    }

    private static JsonObject TextPart(JsonFields block) => new JsonObject { ["type"] = "text", ["text"] = block.RequiredString("text") };

    /// <summary>A string, or the texts of blocks.</summary>
    private static JsonNode Text(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString()!;
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(block => block.ValueKind != JsonValueKind.Object))
        {
            throw ApiException.WrongType(path, "a string or a list of blocks");
        }

        var texts = new JsonArray();
        foreach (var block in value.EnumerateArray())
        {
            var members = new JsonFields(block, $"{path}[{texts.Count}].");
            texts.Add((JsonNode)(members.RequiredString("type") == "text" ? TextPart(members) : throw ApiException.Unsupported(members.Path("type"), "Only blocks of text are supported here.")));
        }

        return texts;
    }
}

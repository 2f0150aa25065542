using System.Text.Json;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates;

/// <summary>Brings a request's messages into the form that templates are written for.</summary>
internal static class ChatMessages
{
    /// <summary>
    /// Content given as text parts becomes one string, its parts on lines of their own, unless the template takes parts; a tool call's arguments given as
    /// JSON text become what the text says. <b>Errors</b>: <see cref="ChatTemplateException"/> for other messages than objects and other parts than text.
    /// </summary>
    public static ListValue Read(JsonElement messages, bool templateTakesParts)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw new ChatTemplateException("Messages must be a list.");
        }

        var list = new ListValue([]);
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
            {
                throw new ChatTemplateException("Each message must be an object.");
            }

            var value = (DictValue)TemplateValue.FromJson(message)!;
            if (!templateTakesParts && value.Items.GetValueOrDefault("content") is ListValue parts)
            {
                value.Items["content"] = string.Join('\n', parts.Items.Select(Text));
            }

            if (value.Items.GetValueOrDefault("tool_calls") is ListValue calls)
            {
                calls.Items.ForEach(ParseArguments);
            }

            list.Items.Add(value);
        }

        return list;
    }

    private static string Text(object? part)
    {
        if (part is string plain)
        {
            return plain;
        }

        var fields = part as DictValue;
        return fields?.Items.GetValueOrDefault("type") is null or "text" or "input_text" && fields?.Items.GetValueOrDefault("text") is string text
            ? text
            : throw new ChatTemplateException("Only content parts of type \"text\" are supported.");
    }

    private static void ParseArguments(object? call)
    {
        if ((call as DictValue)?.Items.GetValueOrDefault("function") is not DictValue function || function.Items.GetValueOrDefault("arguments") is not string text)
        {
            return;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                function.Items["arguments"] = TemplateValue.FromJson(json.RootElement);
            }
        }
        catch (JsonException)
        {
            // A model may have written malformed arguments; the template shows them as they are.
        }
    }
}

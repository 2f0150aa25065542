using System.Buffers;
using System.Text.Json;

namespace AdapterServe.Client.Completions;

/// <summary>A streaming request's body.</summary>
internal static class CompletionRequestWriter
{
    public static byte[] Write(CompletionRequest request)
    {
        if (new object?[] { request.Prompt, request.PromptTokens, request.Messages }.Count(value => value is not null) != 1)
        {
            throw new ArgumentException("A request has exactly one of Prompt, PromptTokens and Messages.", nameof(request));
        }

        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("model", request.Model);
        WritePrompt(json, request);
        WriteSettings(json, request);
        foreach (var (name, value) in request.Extra ?? new Dictionary<string, System.Text.Json.Nodes.JsonNode?>())
        {
            json.WritePropertyName(name);
            JsonSerializer.Serialize(json, value);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WritePrompt(Utf8JsonWriter json, CompletionRequest request)
    {
        if (request.Messages is { } messages)
        {
            json.WriteStartArray("messages");
            foreach (var message in messages)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role);
                json.WriteString("content", message.Content);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
        else if (request.PromptTokens is { } tokens)
        {
            json.WriteStartArray("prompt");
            foreach (var token in tokens)
            {
                json.WriteNumberValue(token);
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteString("prompt", request.Prompt);
        }
    }

    private static void WriteSettings(Utf8JsonWriter json, CompletionRequest request)
    {
        json.WriteBoolean("stream", true);
        if (request.IncludeUsage)
        {
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
        }

        WriteNumber(json, "max_tokens", request.MaxTokens);
        WriteNumber(json, "min_tokens", request.MinTokens);
        WriteNumber(json, "seed", request.Seed);
        WriteNumber(json, "temperature", request.Temperature);
        WriteNumber(json, "top_p", request.TopP);
        WriteFlag(json, "ignore_eos", request.IgnoreEos);
        WriteFlag(json, "return_token_ids", request.ReturnTokenIds);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteFlag(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } flag)
        {
            json.WriteBoolean(name, flag);
        }
    }
}

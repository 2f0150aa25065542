using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.Client.Http;
using AdapterServe.Client.Sse;

namespace AdapterServe.Client.Completions;

/// <summary>An event's data as a piece of an answer. Members that are missing or of another type count as absent.</summary>
internal static class CompletionChunkReader
{
    /// <summary>
    /// <b>Errors</b>: <see cref="ApiException"/> where the event is an error; <see cref="SseFormatException"/> where it is no JSON object.
    /// </summary>
    public static CompletionChunk Read(ReadOnlyMemory<byte> data)
    {
        try
        {
            using var json = JsonDocument.Parse(data);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? Read(json.RootElement)
                : throw new SseFormatException("An event of the stream is no JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is not valid UTF-16 after unescaping.
            throw new SseFormatException("An event of the stream is no JSON.", e);
        }
    }

    private static CompletionChunk Read(JsonElement root)
    {
        if (root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
        {
            var (code, message) = Answers.ReadError(error);
            throw new ApiException(200, code, message ?? "The stream ended with an error.");
        }

        var usage = Usage(root);
        if (!root.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0
            || choices[0].ValueKind != JsonValueKind.Object)
        {
            return new CompletionChunk { Usage = usage };
        }

        var choice = choices[0];
        var (text, opens) = Text(choice);
        var ids = Ids(choice);
        var finish = TextOf(choice, "finish_reason");
        return new CompletionChunk
        {
            Text = text,
            TokenIds = ids,
            Tokens = ids.Length > 0 ? ids.Length : text.Length > 0 || (finish is null && !opens) ? 1 : 0,
            FinishReason = finish,
            Usage = usage,
        };
    }

    /// <summary>The text, and whether the piece only opens a chat's turn.</summary>
    private static (string Text, bool Opens) Text(JsonElement choice)
    {
        if (!choice.TryGetProperty("delta", out var delta) || delta.ValueKind != JsonValueKind.Object)
        {
            return (TextOf(choice, "text") ?? string.Empty, false);
        }

        var text = TextOf(delta, "content") + TextOf(delta, "reasoning_content");
        return (text, delta.TryGetProperty("role", out _) && text.Length == 0);
    }

    private static ImmutableArray<int> Ids(JsonElement choice)
    {
        if (!choice.TryGetProperty("token_ids", out var ids) || ids.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var read = ImmutableArray.CreateBuilder<int>(ids.GetArrayLength());
        foreach (var id in ids.EnumerateArray())
        {
            read.Add(
                id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value)
                    ? value
                    : throw new SseFormatException("A token's id in the stream is no whole number."));
        }

        return read.MoveToImmutable();
    }

    private static TokenUsage? Usage(JsonElement root) => root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
        ? new TokenUsage(Number(usage, "prompt_tokens"), Number(usage, "completion_tokens"))
        : null;

    private static int Number(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number)
            ? Math.Max(0, number)
            : 0;

    private static string? TextOf(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}

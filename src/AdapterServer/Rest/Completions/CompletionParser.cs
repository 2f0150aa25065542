using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>Reads the body of <c>POST /v1/completions</c>.</summary>
internal static class CompletionParser
{
    public static CompletionRequest Parse(JsonElement body, ModelFacts facts)
    {
        var fields = new JsonFields(body);
        var maxTokens = fields.Int("max_tokens", 0, int.MaxValue);
        var logProbs = fields.Int("logprobs", 0, RequestLimits.LogProbs);
        var settings = SettingsParser.Parse(fields, facts, maxTokens, logProbs);
        return new CompletionRequest(settings, Prompts(fields, facts), fields.Bool("echo", absent: false), fields.Bool("add_special_tokens", absent: true));
    }

    private static ImmutableArray<CompletionPrompt> Prompts(JsonFields fields, ModelFacts facts)
    {
        if (!fields.TryGet("prompt", out var value))
        {
            throw ApiException.Missing("prompt");
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return [new CompletionPrompt(value.GetString(), null)];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType("prompt", "a string, a list of token ids, a list of strings or a list of lists of token ids");
        }

        if (value.GetArrayLength() == 0)
        {
            throw ApiException.Invalid("prompt", "'prompt' is an empty list.");
        }

        return value[0].ValueKind == JsonValueKind.Number ? [OfIds(value, facts)] : Several(value, facts);
    }

    private static ImmutableArray<CompletionPrompt> Several(JsonElement value, ModelFacts facts)
    {
        if (value.GetArrayLength() > RequestLimits.Prompts)
        {
            throw ApiException.Invalid("prompt", $"'prompt' has more than {RequestLimits.Prompts} prompts.");
        }

        var kind = value[0].ValueKind;
        if (kind is not (JsonValueKind.String or JsonValueKind.Array) || value.EnumerateArray().Any(item => item.ValueKind != kind))
        {
            throw ApiException.WrongType("prompt", "a string, a list of token ids, a list of strings or a list of lists of token ids");
        }

        return [.. value.EnumerateArray().Select(item => kind == JsonValueKind.String ? new CompletionPrompt(item.GetString(), null) : OfIds(item, facts))];
    }

    private static CompletionPrompt OfIds(JsonElement value, ModelFacts facts)
    {
        var count = value.GetArrayLength();
        if (count == 0)
        {
            throw ApiException.Invalid("prompt", "A prompt has no token ids.");
        }

        if (count > facts.ContextTokens)
        {
            throw new ApiException(400, ErrorCodes.ContextLengthExceeded, $"The prompt has {count} tokens; the model takes {facts.ContextTokens}.", "prompt");
        }

        return new CompletionPrompt(null, JsonFields.IdsOf(value, "prompt", facts.PromptVocabularySize, count));
    }
}

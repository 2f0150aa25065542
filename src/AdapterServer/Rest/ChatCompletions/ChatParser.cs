using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>Reads the body of <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatParser
{
    public static ChatRequest Parse(JsonElement body, ModelFacts facts)
    {
        var fields = new JsonFields(body);
        RefuseModalities(fields);
        var settings = SettingsParser.Parse(fields, facts, MaxTokens(fields), LogProbs(fields));
        if (settings.BestOf > settings.N)
        {
            throw ApiException.Unsupported("best_of", "'best_of' other than 'n' is for /v1/completions.");
        }

        return new ChatRequest(settings, ChatPromptParser.Parse(fields));
    }

    private static int? MaxTokens(JsonFields fields)
    {
        var older = fields.Int("max_tokens", 1, int.MaxValue);
        var newer = fields.Int("max_completion_tokens", 1, int.MaxValue);
        return older is null || newer is null || older == newer
            ? newer ?? older
            : throw ApiException.Invalid("max_tokens", "'max_tokens' and 'max_completion_tokens' differ; give one of them.");
    }

    private static int? LogProbs(JsonFields fields)
    {
        var wanted = fields.Bool("logprobs", absent: false);
        var top = fields.Int("top_logprobs", 0, RequestLimits.LogProbs);
        if (top > 0 && !wanted)
        {
            throw ApiException.Invalid("top_logprobs", "'top_logprobs' needs 'logprobs': true.");
        }

        return wanted ? top ?? 0 : null;
    }

    private static void RefuseModalities(JsonFields fields)
    {
        if (!fields.TryGet("modalities", out var value))
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            throw ApiException.WrongType("modalities", "a list of strings");
        }

        if (value.EnumerateArray().Any(item => item.GetString() != "text"))
        {
            throw ApiException.Unsupported("modalities", "Only the modality 'text' is supported.");
        }
    }
}

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
        return new CompletionRequest(settings, Prompts(fields, "prompt", facts, RequestLimits.Prompts), fields.Bool("echo", absent: false), fields.Bool("add_special_tokens", absent: true));
    }

    /// <summary>A text, token ids, or a list of either.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="name">The field.</param>
    /// <param name="facts">What ids are checked against.</param>
    /// <param name="most">Most of them.</param>
    public static ImmutableArray<CompletionPrompt> Prompts(JsonFields fields, string name, ModelFacts facts, int most)
    {
        if (!fields.TryGet(name, out var value))
        {
            throw ApiException.Missing(name);
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return [new CompletionPrompt(value.GetString(), null)];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType(name, "a string, a list of token ids, a list of strings or a list of lists of token ids");
        }

        if (value.GetArrayLength() == 0)
        {
            throw ApiException.Invalid(name, $"'{name}' is an empty list.");
        }

        return value[0].ValueKind == JsonValueKind.Number ? [OfIds(value, name, facts)] : Several(value, name, facts, most);
    }

    private static ImmutableArray<CompletionPrompt> Several(JsonElement value, string name, ModelFacts facts, int most)
    {
        if (value.GetArrayLength() > most)
        {
            throw ApiException.Invalid(name, $"'{name}' has more than {most} prompts.");
        }

        var kind = value[0].ValueKind;
        if (kind is not (JsonValueKind.String or JsonValueKind.Array) || value.EnumerateArray().Any(item => item.ValueKind != kind))
        {
            throw ApiException.WrongType(name, "a string, a list of token ids, a list of strings or a list of lists of token ids");
        }

        return [.. value.EnumerateArray().Select(item => kind == JsonValueKind.String ? new CompletionPrompt(item.GetString(), null) : OfIds(item, name, facts))];
    }

    private static CompletionPrompt OfIds(JsonElement value, string name, ModelFacts facts)
    {
        var count = value.GetArrayLength();
        if (count == 0)
        {
            throw ApiException.Invalid(name, "A prompt has no token ids.");
        }

        if (count > facts.ContextTokens)
        {
            throw new ApiException(400, ErrorCodes.ContextLengthExceeded, $"The prompt has {count} tokens; the model takes {facts.ContextTokens}.", name);
        }

        return new CompletionPrompt(null, JsonFields.IdsOf(value, name, facts.PromptVocabularySize, count));
    }
}

using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>Reads the bodies of <c>POST /tokenize</c> and <c>/detokenize</c>, which are vLLM's.</summary>
internal static class TokenizeParser
{
    public static TokenizeRequest ParseTokenize(JsonElement body)
    {
        var fields = new JsonFields(body);
        var model = fields.String("model");
        var strings = fields.Bool("return_token_strs", absent: false);
        var text = fields.String("prompt");
        if (fields.Has("messages"))
        {
            return text is null
                ? new TokenizeRequest(model, null, false, ChatPromptParser.Parse(fields), strings)
                : throw ApiException.Invalid("prompt", "Give 'prompt' or 'messages', not both.");
        }

        return text is null ? throw ApiException.Missing("prompt") : new TokenizeRequest(model, text, fields.Bool("add_special_tokens", absent: true), null, strings);
    }

    /// <summary>The ids.</summary>
    public static int[] ParseDetokenize(JsonElement body, ModelFacts facts) =>
        new JsonFields(body).Ids("tokens", facts.VocabularySize, RequestLimits.TokenizeCharacters) ?? throw ApiException.Missing("tokens");
}

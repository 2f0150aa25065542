using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// Fields of OpenAI's and vLLM's requests that would change the answer and are not supported: refused, where ignoring them would give another
/// answer than was asked for. Fields that nobody knows are ignored, as OpenAI does; so are those that change no answer (<c>user</c>, <c>metadata</c>, …).
/// </summary>
internal static class UnsupportedFields
{
    private static readonly string[] Refused =
    [
        "suffix", "functions", "function_call", "audio", "prediction", "web_search_options", "use_beam_search", "length_penalty",
        "bad_words", "allowed_token_ids", "logits_processors", "guided_whitespace_pattern", "structural_tag",
        "truncate_prompt_tokens", "include_stop_str_in_output", "prompt_embeds", "mm_processor_kwargs", "documents", "chat_template", "cache_salt",
    ];

    /// <summary>Turns down a request with any of them set to something; false, 0, 1 for a factor and empty mean "off".</summary>
    public static void Refuse(JsonFields fields)
    {
        foreach (var name in Refused)
        {
            // A chat's template may go through documents.
            var isServed = name == "documents" && fields.Has("messages");
            if (!isServed && fields.TryGet(name, out var value) && !IsOff(name, value))
            {
                throw ApiException.Unsupported(name, $"'{name}' is not supported.");
            }
        }

        if (fields.TryGet("detokenize", out var detokenize) && detokenize.ValueKind == JsonValueKind.False)
        {
            throw ApiException.Unsupported("detokenize", "'detokenize': false is not supported; 'return_token_ids' gives the ids.");
        }
    }

    private static bool IsOff(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.String => value.GetString()!.Length == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Number => name == "length_penalty" && value.TryGetDouble(out var factor) && factor == 1,
        _ => false,
    };
}

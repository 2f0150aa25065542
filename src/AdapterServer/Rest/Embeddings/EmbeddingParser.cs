using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <summary>Reads the body of <c>POST /v1/embeddings</c>. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.</summary>
internal static class EmbeddingParser
{
    /// <param name="fields">The body.</param>
    /// <param name="facts">What it is checked against.</param>
    /// <param name="width">Components that the model's embeddings have.</param>
    /// <param name="mostInputs">Most inputs of one request.</param>
    public static EmbeddingRequest Parse(JsonFields fields, ModelFacts facts, int width, int mostInputs)
    {
        if (fields.Has("truncate_prompt_tokens"))
        {
            throw ApiException.Unsupported("truncate_prompt_tokens", "'truncate_prompt_tokens' is not supported.");
        }

        var inputs = CompletionParser.Prompts(fields, "input", facts, mostInputs);
        if (inputs.Any(input => input.Text?.Length == 0))
        {
            throw ApiException.Invalid("input", "An input is empty.");
        }

        return new EmbeddingRequest(
            inputs,
            fields.Int("dimensions", 1, width) ?? width,
            IsBase64(fields),
            fields.Bool("add_special_tokens", absent: true),
            fields.Int("priority", int.MinValue, int.MaxValue) ?? 0);
    }

    private static bool IsBase64(JsonFields fields) => fields.String("encoding_format") switch
    {
        null or "float" => false,
        "base64" => true,
        _ => throw ApiException.Unsupported("encoding_format", "'encoding_format' is 'float' or 'base64'."),
    };
}

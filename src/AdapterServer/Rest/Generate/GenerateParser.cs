using System.Security.Cryptography;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>
/// Reads the body of <c>/generate</c> in TGI's and LoRAX's words. Defaults are theirs, not the model's. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field; what
/// would change the answer and is not supported is refused, and nobody's fields are ignored.
/// </summary>
internal static class GenerateParser
{
    /// <summary>Without <c>max_new_tokens</c>.</summary>
    public const int DefaultTokens = 100;

    /// <summary>What LoRAX's clients write for the base.</summary>
    private const string BaseWord = "__base_model__";

    private const int MostTopTokens = 5;

    /// <summary>TGI's and LoRAX's parameters that have another meaning than anything here.</summary>
    private static readonly string[] Refused = ["typical_p", "watermark", "truncate", "merged_adapters", "adapter_parameters", "apply_chat_template", "return_k_alternatives", "schema", "response_format"];

    /// <summary>The adapter that <c>parameters.adapter_id</c> names, or null for the base.</summary>
    public static string? Adapter(JsonElement body)
    {
        var parameters = Parameters(body);
        if (parameters.String("adapter_source") is { } source and not "local")
        {
            throw ApiException.Unsupported("parameters.adapter_source", $"'adapter_source' {Shorten(source)} is not supported: adapters come from this server's registry; PUT /v1/adapters/{{name}} uploads one.");
        }

        return parameters.String("adapter_id") is { Length: > 0 } name and not BaseWord ? name : null;
    }

    public static GenerateRequest Parse(JsonElement body, bool stream, ModelFacts facts)
    {
        var parameters = Parameters(body);
        Refuse(parameters);
        var topTokens = parameters.Int("top_n_tokens", 0, MostTopTokens) is { } top and > 0 ? top : (int?)null;
        var details = parameters.Bool("details", absent: false) || stream;
        var prefill = parameters.Bool("decoder_input_details", absent: false);
        if (prefill && stream)
        {
            throw ApiException.Unsupported("parameters.decoder_input_details", "'decoder_input_details' can't be streamed.");
        }

        var inputs = new JsonFields(body).RequiredString("inputs");
        if (inputs.Length == 0)
        {
            throw ApiException.Invalid("inputs", "'inputs' is empty.");
        }

        var sampling = Sampling(parameters, facts);
        return new GenerateRequest(inputs, Settings(parameters, sampling, details ? topTokens ?? 0 : null, prefill, stream))
        {
            ReturnFullText = parameters.Bool("return_full_text", absent: false),
            Details = details || prefill,
            Prefill = prefill,
            TopTokens = topTokens,
            Seed = sampling.Temperature > 0 ? sampling.Seed : null,
        };
    }

    private static JsonFields Parameters(JsonElement body) => new JsonFields(body).Object("parameters") ?? new JsonFields(JsonElement.Parse("{}"));

    private static void Refuse(JsonFields parameters)
    {
        foreach (var name in Refused)
        {
            if (parameters.TryGet(name, out var value) && value.ValueKind != JsonValueKind.False)
            {
                throw ApiException.Unsupported(parameters.Path(name), $"'{name}' is not supported.");
            }
        }

        if (parameters.Int("best_of", 1, int.MaxValue) > 1)
        {
            throw ApiException.Unsupported(parameters.Path("best_of"), "'best_of' above 1 is not supported; POST /v1/completions gives 'n' choices.");
        }

        if (parameters.Float("frequency_penalty", float.MinValue, float.MaxValue) is { } penalty and not 0)
        {
            throw ApiException.Unsupported(
                parameters.Path("frequency_penalty"), $"'frequency_penalty' {penalty} is not supported: it means something else here than in OpenAI's requests; POST /v1/completions takes theirs.");
        }
    }

    private static GenerationSettings Settings(JsonFields parameters, SamplingParameters sampling, int? logProbs, bool prefill, bool stream) => new()
    {
        N = 1,
        BestOf = 1,
        MaxTokens = parameters.Int("max_new_tokens", 1, int.MaxValue),
        LogProbs = logProbs ?? (prefill ? 0 : null),
        PromptLogProbs = prefill ? 0 : null,
        Stream = stream,
        IncludeUsage = false,
        Priority = 0,
        Stops = Stops(parameters),
        Guide = Guide(parameters),
        Sampling = sampling,
        ReturnTokenIds = false,
        SkipSpecialTokens = true,
        TokensAsIds = false,
    };

    /// <summary>As in TGI nothing is drawn, and the best token taken, unless something asks for it.</summary>
    private static SamplingParameters Sampling(JsonFields parameters, ModelFacts facts)
    {
        var temperature = Positive(parameters, "temperature", float.MaxValue);
        var topK = parameters.Int("top_k", 1, int.MaxValue);
        var topP = Positive(parameters, "top_p", 1);
        var seed = parameters.Long("seed");
        var draws = parameters.Bool("do_sample", absent: false) || temperature is not (null or 1) || topK is not null || topP is not (null or 1);
        return new SamplingParameters
        {
            Temperature = draws ? temperature ?? 1 : 0,
            TopK = topK is { } k && k < facts.VocabularySize ? k : 0,
            TopP = topP ?? 1,
            RepetitionPenalty = Positive(parameters, "repetition_penalty", float.MaxValue) ?? 1,
            IgnoreEos = parameters.Bool("ignore_eos_token", absent: false),
            Seed = seed is { } given ? unchecked((ulong)given) : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        };
    }

    private static float? Positive(JsonFields parameters, string name, float max) => parameters.Float(name, 0, max) switch
    {
        0 => throw ApiException.Invalid(parameters.Path(name), $"'{parameters.Path(name)}' must be greater than 0."),
        var value => value,
    };

    private static StopStrings Stops(JsonFields parameters)
    {
        if (!parameters.TryGet("stop", out var value))
        {
            return StopStrings.None;
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            throw ApiException.WrongType(parameters.Path("stop"), "a list of strings");
        }

        return value.GetArrayLength() <= RequestLimits.StopStrings && value.EnumerateArray().All(item => item.GetString()!.Length is > 0 and <= RequestLimits.StopCharacters)
            ? new StopStrings([.. value.EnumerateArray().Select(item => item.GetString()!).Distinct(StringComparer.Ordinal)])
            : throw ApiException.Invalid(parameters.Path("stop"), $"'parameters.stop' has at most {RequestLimits.StopStrings} strings of 1 to {RequestLimits.StopCharacters} characters.");
    }

    private static GuideRequest? Guide(JsonFields parameters)
    {
        if (parameters.Object("grammar") is not { } grammar)
        {
            return null;
        }

        var kind = grammar.RequiredString("type");
        if (!grammar.TryGet("value", out var value))
        {
            throw ApiException.Missing(grammar.Path("value"));
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return kind switch
        {
            "json" => new GuideRequest(GuideKind.JsonSchema, text, grammar.Path("value")),
            "regex" when value.ValueKind == JsonValueKind.String => new GuideRequest(GuideKind.Regex, text, grammar.Path("value")),
            "regex" => throw ApiException.WrongType(grammar.Path("value"), "a string"),
            _ => throw ApiException.Unsupported(grammar.Path("type"), "A grammar's type is 'json' or 'regex'."),
        };
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}

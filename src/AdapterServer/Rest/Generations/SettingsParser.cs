using System.Security.Cryptography;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// Reads the fields that legacy and chat completions share.
/// <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.
/// </summary>
internal static class SettingsParser
{
    public static GenerationSettings Parse(JsonFields fields, ModelFacts facts, int? maxTokens, int? logProbs)
    {
        UnsupportedFields.Refuse(fields);
        var stream = fields.Bool("stream", absent: false);
        var n = fields.Int("n", 1, RequestLimits.Choices) ?? 1;
        var sampling = SamplingParser.Parse(fields, facts);
        if (maxTokens is { } most && sampling.MinTokens > most)
        {
            throw ApiException.Invalid("min_tokens", $"'min_tokens' is {sampling.MinTokens}, more than the {most} tokens that may be generated.");
        }

        return new GenerationSettings
        {
            N = n,
            BestOf = BestOf(fields, n),
            MaxTokens = maxTokens,
            LogProbs = logProbs,
            PromptLogProbs = fields.Int("prompt_logprobs", 0, RequestLimits.LogProbs),
            Stream = stream,
            IncludeUsage = IncludeUsage(fields, stream),
            Priority = fields.Int("priority", int.MinValue, int.MaxValue) ?? 0,
            Stops = Stops(fields),
            Guide = GuideParser.Parse(fields),
            Sampling = sampling with { Seed = Seed(fields) },
            ReturnTokenIds = fields.Bool("return_token_ids", absent: false),
            SkipSpecialTokens = fields.Bool("skip_special_tokens", absent: true),
            TokensAsIds = fields.Bool("return_tokens_as_token_ids", absent: false),
        };
    }

    private static int BestOf(JsonFields fields, int n)
    {
        var bestOf = fields.Int("best_of", 1, RequestLimits.Choices) ?? n;
        return bestOf >= n ? bestOf : throw ApiException.Invalid("best_of", $"'best_of' is {bestOf}, fewer than the {n} choices of 'n'.");
    }

    private static ulong Seed(JsonFields fields)
    {
        if (fields.Long("seed") is { } seed)
        {
            return unchecked((ulong)seed);
        }

        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return BitConverter.ToUInt64(random);
    }

    private static bool IncludeUsage(JsonFields fields, bool stream)
    {
        if (fields.Object("stream_options") is not { } options)
        {
            return false;
        }

        return stream ? options.Bool("include_usage", absent: false) : throw ApiException.Invalid("stream_options", "'stream_options' is only for 'stream': true.");
    }

    private static StopStrings Stops(JsonFields fields)
    {
        if (!fields.TryGet("stop", out var value))
        {
            return StopStrings.None;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return new StopStrings([StopText(value)]);
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType("stop", "a string or a list of strings");
        }

        if (value.GetArrayLength() > RequestLimits.StopStrings)
        {
            throw ApiException.Invalid("stop", $"'stop' has more than {RequestLimits.StopStrings} strings.");
        }

        return new StopStrings([.. value.EnumerateArray().Select(StopText).Distinct(StringComparer.Ordinal)]);
    }

    private static string StopText(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw ApiException.WrongType("stop", "a string or a list of strings");
        }

        var text = value.GetString()!;
        return text.Length is > 0 and <= RequestLimits.StopCharacters
            ? text
            : throw ApiException.Invalid("stop", $"A stop string has 1 to {RequestLimits.StopCharacters} characters, not {text.Length}.");
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Reads and checks how tokens are drawn; the seed is left to the caller.</summary>
internal static class SamplingParser
{
    public static SamplingParameters Parse(JsonFields fields, ModelFacts facts) => new()
    {
        Temperature = Temperature(fields, facts),
        TopP = TopP(fields, facts),
        TopK = TopK(fields, facts),
        MinP = fields.Float("min_p", 0, 1) ?? facts.Defaults.MinP,
        PresencePenalty = fields.Float("presence_penalty", RequestLimits.LowestPenalty, RequestLimits.HighestPenalty) ?? 0,
        FrequencyPenalty = fields.Float("frequency_penalty", RequestLimits.LowestPenalty, RequestLimits.HighestPenalty) ?? 0,
        RepetitionPenalty = RepetitionPenalty(fields, facts),
        LogitBias = LogitBias(fields, facts),
        MinTokens = fields.Int("min_tokens", 0, int.MaxValue) ?? 0,
        StopTokenIds = [.. (fields.Ids("stop_token_ids", facts.VocabularySize, RequestLimits.StopTokenIds) ?? []).Distinct()],
        IgnoreEos = fields.Bool("ignore_eos", absent: false),
    };

    private static float Temperature(JsonFields fields, ModelFacts facts)
    {
        var temperature = fields.Float("temperature", 0, float.MaxValue) ?? facts.Defaults.Temperature;
        return temperature < RequestLimits.GreedyTemperature ? 0 : temperature;
    }

    private static float TopP(JsonFields fields, ModelFacts facts)
    {
        var topP = fields.Float("top_p", 0, 1) ?? facts.Defaults.TopP;
        return topP > 0 ? topP : throw ApiException.Invalid("top_p", "'top_p' must be greater than 0 and at most 1.");
    }

    private static int TopK(JsonFields fields, ModelFacts facts)
    {
        // vLLM's clients write -1 for "off".
        var topK = fields.Int("top_k", -1, int.MaxValue) ?? facts.Defaults.TopK;
        return topK <= 0 || topK >= facts.VocabularySize ? 0 : topK;
    }

    private static float RepetitionPenalty(JsonFields fields, ModelFacts facts)
    {
        var penalty = fields.Float("repetition_penalty", 0, float.MaxValue) ?? facts.Defaults.RepetitionPenalty;
        return penalty > 0 ? penalty : throw ApiException.Invalid("repetition_penalty", "'repetition_penalty' must be greater than 0.");
    }

    private static ImmutableArray<KeyValuePair<int, float>> LogitBias(JsonFields fields, ModelFacts facts)
    {
        if (!fields.TryGet("logit_bias", out var value))
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType("logit_bias", "an object from token ids to numbers");
        }

        // "7" and "07" are different keys of one id.
        var biases = new Dictionary<int, float>();
        foreach (var property in value.EnumerateObject())
        {
            if (!int.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= facts.VocabularySize)
            {
                throw ApiException.Invalid("logit_bias", $"'logit_bias' has a key that is not an id of the vocabulary of {facts.VocabularySize}.");
            }

            if (!biases.TryAdd(id, JsonFields.FloatOf(property.Value, "logit_bias", RequestLimits.LowestBias, RequestLimits.HighestBias)))
            {
                throw ApiException.Invalid("logit_bias", $"'logit_bias' has the id {id} twice.");
            }
        }

        return [.. biases.OrderBy(pair => pair.Key)];
    }
}

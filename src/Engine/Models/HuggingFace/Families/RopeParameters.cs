using System.Collections.Immutable;
using System.Text.Json;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>The numbers that a rotation is computed from.</summary>
internal sealed class RopeParameters
{
    private const double Limit = 1e9;
    private readonly JsonFile _config;
    private readonly JsonElement _parameters;

    public RopeParameters(JsonFile config, JsonElement parameters, ModelSizes sizes, double theta)
    {
        (_config, _parameters, Theta, Context) = (config, parameters, theta, sizes.Context);
        var share = config.Number(parameters, "partial_rotary_factor", config.Number(config.Root, "partial_rotary_factor", 1, 1), 1);
        Dimensions = (int)(sizes.HeadSize * share);
        if (Dimensions % 2 != 0 || Dimensions == 0)
        {
            throw config.Wrong("head_dim", "such that an even number of its dimensions rotate, in pairs");
        }
    }

    public double Theta { get; }

    /// <summary>Positions that the configuration names.</summary>
    public int Context { get; }

    /// <summary>Dimensions of a head that rotate.</summary>
    public int Dimensions { get; }

    /// <summary>Positions of the model's first training.</summary>
    public int OriginalContext =>
        (int)Number("original_max_position_embeddings", _config.Number(_config.Root, "original_max_position_embeddings", Context, Limit));

    /// <summary>The named positions, or those that the factor makes of the first training's.</summary>
    public int ScaledContext => JsonFile.Field(_parameters, "original_max_position_embeddings") is null
        ? Context
        : (int)Math.Clamp(OriginalContext * Number("factor", 1), Context, ModelSizes.MaxContext);

    /// <summary>θ^(−2i/D), the plain rotation.</summary>
    public ImmutableArray<double> Frequencies => [.. Enumerable.Range(0, Dimensions / 2).Select(i => Math.Pow(Theta, -2.0 * i / Dimensions))];

    public bool Has(string field) => JsonFile.Field(_parameters, field) is not null;

    public double Number(string field, double fallback) => _config.Number(_parameters, field, fallback, Limit);

    public double Number(string field) => Has(field) ? Number(field, 0) : throw _config.Wrong(field, "a number, which this rotary embedding needs");

    /// <summary>False only where it says so.</summary>
    public bool IsNotFalse(string field) => JsonFile.Field(_parameters, field)?.ValueKind != JsonValueKind.False;

    /// <summary>A factor for each frequency.</summary>
    public ImmutableArray<double> Factors(string field)
    {
        if (JsonFile.Field(_parameters, field) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != Dimensions / 2)
        {
            throw _config.Wrong(field, $"a list of {Dimensions / 2} numbers, one for each pair of dimensions");
        }

        return [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var number) && number is > 0 and <= Limit
            ? number
            : throw _config.Wrong(field, "a list of positive numbers"))];
    }
}

using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>What a method asks of the whole adapter: options, ranks by pattern, shared tensors.</summary>
internal sealed class PeftAdapter(ConfigValues config, BaseModel baseModel, PeftTensors tensors, PatternBudget budget, int task)
{
    private const int MaxRank = 1 << 16;

    public ConfigValues Config { get; } = config;

    public BaseModel Base { get; } = baseModel;

    public PatternBudget Budget { get; } = budget;

    /// <summary>The task to be read, for methods that have several.</summary>
    public int Task { get; } = task;

    /// <summary>The adapted sites in the base's order.</summary>
    public ImmutableArray<Site> Sites { get; } = [.. tensors.BySite.Values.Select(module => module.Site)];

    public static int RequireRank(string key, int rank) =>
        rank is >= 1 and <= MaxRank ? rank : throw StoreErrors.Unservable("rank", $"'{key}' in adapter_config.json holds the rank {rank}; ranks go from 1 to {MaxRank}.");

    public int Rank(string key = "r") => RequireRank(key, Config.RequiredInt(key));

    /// <summary>The option, or what <paramref name="patternKey"/> says for the module; the first match in the file's order wins.</summary>
    public Func<Site, int> RankBySite(string key = "r", string patternKey = "rank_pattern") =>
        ByPattern(patternKey, Rank(key), value => RequireRank(patternKey, ConfigValues.Int(patternKey, value)));

    /// <summary>As <see cref="RankBySite"/>, for a number.</summary>
    public Func<Site, double> NumberBySite(string key, string patternKey) =>
        ByPattern(patternKey, Config.RequiredNumber(key), value => ConfigValues.Number(patternKey, value));

    /// <summary>A tensor of the whole adapter. <b>Errors</b>: Unservable <c>missing_tensors</c>, <c>dtype</c>, <c>shape_mismatch</c>.</summary>
    public SafetensorsTensor Shared(string name, string cure, params ReadOnlySpan<long> shape) =>
        TensorChecks.Float(RequiredShared(name, cure), shape);

    /// <summary>As <see cref="Shared"/>, for integers.</summary>
    public SafetensorsTensor SharedIndices(string name, string cure, params ReadOnlySpan<long> shape) =>
        TensorChecks.Integer(RequiredShared(name, cure), shape);

    /// <summary>A positive option.</summary>
    public int Positive(string key, int? absent = null)
    {
        var value = absent is { } number ? Config.IntOr(key, number) : Config.RequiredInt(key);
        return value >= 1 ? value : throw OutOfRange(key);
    }

    public static AdapterStoreException OutOfRange(string key) =>
        StoreErrors.Unservable("option_range", $"The value of '{AdapterNames.Shorten(key)}' in adapter_config.json does not fit this base.");

    private SafetensorsTensor RequiredShared(string name, string cure) => tensors.Shared.GetValueOrDefault(name)
        ?? throw StoreErrors.Unservable("missing_tensors", $"The file has no {name}, without which its other tensors mean nothing; {cure}.");

    private Func<Site, T> ByPattern<T>(string patternKey, T otherwise, Func<System.Text.Json.JsonElement, T> read)
    {
        (ModulePattern Pattern, T Value)[] patterns = [.. Config.Members(patternKey).Select(member => (ModulePattern.Suffix(member.Key), read(member.Value)))];
        return site =>
        {
            foreach (var (pattern, value) in patterns)
            {
                if (pattern.Matches(site.Path, Budget))
                {
                    return value;
                }
            }

            return otherwise;
        };
    }
}

using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Patterns;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>Configuration object → <see cref="LoraManifest"/>.</summary>
internal static class LoraManifestReader
{
    private const int MaxRank = 1 << 16;

    public static LoraManifest Read(ConfigValues values)
    {
        var saved = values.Texts("modules_to_save");
        return new LoraManifest
        {
            Rank = Rank("r", values.RequiredInt("r")),
            Alpha = values.RequiredNumber("lora_alpha"),
            UseRsLora = values.Flag("use_rslora"),
            UseDora = values.Flag("use_dora"),
            HasBias = values.Flag("lora_bias"),
            RankPattern = Pattern(values, "rank_pattern", value => Rank("rank_pattern", ConfigValues.Int("rank_pattern", value))),
            AlphaPattern = Pattern(values, "alpha_pattern", value => ConfigValues.Number("alpha_pattern", value)),
            Modules = new ModuleSelection(values, saved),
            ModulesToSave = saved,
            Bias = values.Text("bias") ?? "none",
            TiesWeights = values.Flag("ensure_weight_tying"),
            TokenRows = TokenRows(values),
        };
    }

    /// <summary>A list of ids, or an object of such lists.</summary>
    private static ImmutableArray<(string?, ImmutableArray<int>)> TokenRows(ConfigValues values)
    {
        const string Key = "trainable_token_indices";
        if (!values.IsMeaningful(Key))
        {
            return [];
        }

        if (values.Find(Key) is not { ValueKind: JsonValueKind.Object })
        {
            return [(null, values.Ints(Key) ?? [])];
        }

        var byModule = values.Object(Key);
        return [.. values.Members(Key).Select(member => ((string?)member.Key, byModule.Ints(member.Key) ?? []))];
    }

    private static int Rank(string key, int rank) =>
        rank is >= 1 and <= MaxRank ? rank : throw StoreErrors.Unservable("rank", $"'{key}' in adapter_config.json holds the rank {rank}; ranks go from 1 to {MaxRank}.");

    private static ImmutableArray<(ModulePattern, T)> Pattern<T>(ConfigValues values, string key, Func<JsonElement, T> read) =>
        [.. values.Members(key).Select(member => (ModulePattern.Suffix(member.Key), read(member.Value)))];
}

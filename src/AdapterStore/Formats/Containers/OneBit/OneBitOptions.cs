using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers.OneBit;

/// <summary>
/// What <c>adapter_config.json</c> says, which the authors' <c>config.yaml</c> must not contradict.
/// <b>Errors</b>: Malformed for a file that can't be read; Unservable <c>option_range</c>, <c>configs_differ</c>.
/// </summary>
internal sealed record OneBitOptions(int Rank, float Scale, int Layers, int Hidden, int KvSize)
{
    private const string Yaml = "config.yaml";

    public static OneBitOptions Of(AdapterFolder folder, string method)
    {
        var config = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(config, ["backbone", "bit", "dataset", "dim", "num_class", "layers", "hidden_size", "kv_size", "method", "scale"]);
        Require("bit", config.RequiredInt("bit") == 1);
        Require("num_class", config.IntOr("num_class", 0) == 0);
        Require("method", config.Text("method") is not { } named || named == method);
        if (folder.Files.Has(Yaml))
        {
            RequireEqual(folder.Config!.Value, FlatYaml.Read(folder.Files.PathOf(Yaml), Yaml));
        }

        return new OneBitOptions(
            PeftAdapter.RequireRank("dim", config.RequiredInt("dim")), Container.RequiredSingle(config, "scale"),
            config.RequiredInt("layers"), config.RequiredInt("hidden_size"), config.RequiredInt("kv_size"));
    }

    /// <summary>The file says nowhere else what base it was made for.</summary>
    public void RequireBase(ImmutableArray<Site> networks, int kvSize)
    {
        Require("layers", Layers == networks.Length && Layers > 0);
        Require("hidden_size", Hidden == networks[0].OutFeatures);
        Require("kv_size", KvSize == kvSize);
    }

    private static void Require(string key, bool holds)
    {
        if (!holds)
        {
            throw Container.OutOfRange(key);
        }
    }

    private static void RequireEqual(JsonElement config, IReadOnlyDictionary<string, string> yaml)
    {
        foreach (var (key, text) in yaml)
        {
            if (!config.TryGetProperty(key, out var value) || !IsEqual(key, value, text))
            {
                throw StoreErrors.Unservable(
                    "configs_differ", $"{Yaml} and {AdapterFolder.ConfigFile} say different things about '{AdapterNames.Shorten(key)}'.");
            }
        }
    }

    private static bool IsEqual(string key, JsonElement value, string text) => value.ValueKind switch
    {
        JsonValueKind.Number => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == ConfigValues.Number(key, value),
        JsonValueKind.String => ConfigValues.Text(key, value) == text,
        _ => false,
    };
}

using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// The nested <c>config</c> of adapter_config.json: an object, a union of objects, or in old files the name of one of the library's own.
/// <b>Source</b>: the adapters library, configuration and loading.
/// </summary>
internal static partial class HubConfig
{
    private const string SeqBn = """ "mh_adapter":false,"output_adapter":true,"original_ln_before":true,"non_linearity":"relu","reduction_factor":16 """;
    private const string DoubleSeqBn = """ "mh_adapter":true,"output_adapter":true,"non_linearity":"swish","reduction_factor":16 """;
    private const string ParBn = """ "mh_adapter":false,"output_adapter":true,"is_parallel":true,"non_linearity":"relu","reduction_factor":2 """;
    private const string Invertible = """ ,"inv_adapter":"nice","inv_adapter_reduction_factor":2 """;

    private static readonly FrozenDictionary<string, string> s_named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["pfeiffer"] = $"{{{SeqBn}}}",
        ["seq_bn"] = $"{{{SeqBn}}}",
        ["pfeiffer+inv"] = $"{{{SeqBn}{Invertible}}}",
        ["seq_bn_inv"] = $"{{{SeqBn}{Invertible}}}",
        ["houlsby"] = $"{{{DoubleSeqBn}}}",
        ["double_seq_bn"] = $"{{{DoubleSeqBn}}}",
        ["houlsby+inv"] = $"{{{DoubleSeqBn}{Invertible}}}",
        ["double_seq_bn_inv"] = $"{{{DoubleSeqBn}{Invertible}}}",
        ["parallel"] = $$"""{{{ParBn}},"scaling":4.0}""",
        ["par_bn"] = $$"""{{{ParBn}},"scaling":4.0}""",
        ["scaled_parallel"] = $$"""{{{ParBn}},"scaling":"learned"}""",
        ["scaled_par_bn"] = $$"""{{{ParBn}},"scaling":"learned"}""",
        ["compacter"] = """{"mh_adapter":true,"output_adapter":true,"non_linearity":"gelu","reduction_factor":32,"phm_layer":true}""",
        ["compacter++"] = """{"mh_adapter":false,"output_adapter":true,"original_ln_before":true,"non_linearity":"gelu","reduction_factor":32,"phm_layer":true}""",
        ["prefix_tuning"] = """{"architecture":"prefix_tuning"}""",
        ["prefix_tuning_flat"] = """{"architecture":"prefix_tuning","flat":true}""",
        ["lora"] = """{"architecture":"lora"}""",
        ["dora"] = """{"architecture":"lora","use_dora":true}""",
        ["ia3"] = """{"architecture":"lora","composition_mode":"scale","intermediate_lora":true,"attn_matrices":["k","v"],"r":1,"alpha":1}""",
        ["vera"] = """{"architecture":"lora","vera_d":0.1,"vera_b":0.0}""",
        ["mam"] = $$$"""{"architecture":"union","configs":[{"architecture":"prefix_tuning","bottleneck_size":800},{{{{ParBn}}},"scaling":4.0}]}""",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The methods that make up the adapter: one, or those of a union.</summary>
    public static ImmutableArray<ConfigValues> Parts(ConfigValues root)
    {
        var config = Nested(root);
        if (config.Text("architecture") != "union")
        {
            return [config];
        }

        if (config.Find("configs") is not { ValueKind: JsonValueKind.Array } configs || configs.GetArrayLength() == 0)
        {
            throw StoreErrors.Malformed("config_wrong_type", "'configs' of a union in adapter_config.json must be a list of objects.");
        }

        return [.. configs.EnumerateArray().Select(part => part.ValueKind == JsonValueKind.Object
            ? new ConfigValues(part)
            : throw StoreErrors.Malformed("config_wrong_type", "'configs' of a union in adapter_config.json must be a list of objects."))];
    }

    /// <summary>
    /// Whether a LoRA of this file was trained with the factor 1 whatever its alpha says: versions before 1.1.0 of the library left alpha / r out.
    /// A union is not corrected by the library either.
    /// </summary>
    public static bool IgnoresAlpha(ConfigValues root)
    {
        const string prefix = "adapters.";
        var version = root.Text("version") ?? string.Empty;
        if (!version.StartsWith(prefix, StringComparison.Ordinal) || Nested(root).Text("architecture") == "union")
        {
            return false;
        }

        var match = VersionPattern().Match(version[prefix.Length..]);
        if (!match.Success)
        {
            throw StoreErrors.Malformed("config_wrong_type", $"'version' in adapter_config.json is '{AdapterNames.Shorten(version)}', which is no version of the adapters library.");
        }

        var numbers = (Number(match, "major"), Number(match, "minor"), Number(match, "patch"));
        return numbers.CompareTo((1, 1, 0)) < 0 || (numbers == (1, 1, 0) && match.Groups["pre"].Success);
    }

    /// <summary>Files without a version call the tanh approximation <c>gelu</c> and the exact function <c>gelu_orig</c>.</summary>
    public static bool HasOldActivationNames(ConfigValues root) => root.Find("version") is null;

    private static ConfigValues Nested(ConfigValues root)
    {
        if (root.Find("config") is not { ValueKind: JsonValueKind.String })
        {
            return root.Object("config");
        }

        var name = root.Text("config")!;
        return s_named.TryGetValue(name, out var json)
            ? new ConfigValues(JsonElement.Parse(json))
            : throw StoreErrors.Unservable(
                "unknown_architecture", $"'config' in adapter_config.json names '{AdapterNames.Shorten(name)}', which is no adapter that the server reads; save the adapter again with a newer version of the library.");
    }

    private static int Number(Match match, string group) =>
        match.Groups[group].Success ? int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A(?<major>[0-9]{1,8})(\.(?<minor>[0-9]{1,8}))?(\.(?<patch>[0-9]{1,8}))?(?<pre>\.?(a|b|c|rc|dev)[0-9]*)?[0-9a-z.+]*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}

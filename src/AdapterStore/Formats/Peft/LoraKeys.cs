using System.Collections.Frozen;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// How LoRA files name their tensors: PEFT's own names, and what other programs make of them.
/// <b>Semantics</b>: a name is a module and a part; all names of a file are of one style and of one adapter.
/// <b>Errors</b>: Unservable <c>unknown_tensor</c>, <c>unknown_module</c>, <c>ambiguous_keys</c>, <c>diffusion_lora</c>, <c>kasa</c>.
/// </summary>
internal sealed class LoraKeys(BaseModel baseModel)
{
    /// <summary>How PEFT writes a module: this and its path. Other programs leave it out or put wrappers' names into it.</summary>
    private const string Prefix = "base_model.model.";
    private const string Kohya = "lora_";

    /// <summary>Names of wrappers that stand in a path without being part of the base's: PEFT's, torch.compile's, data parallelism's, and that of a text model inside a larger one.</summary>
    private static readonly FrozenSet<string> s_wrappers = FrozenSet.Create(StringComparer.Ordinal, "base_model", "_orig_mod", "module", "language_model");

    private static readonly string[] s_diffusion = ["lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_te3_", "lora_transformer_", "unet.", "text_encoder.", "transformer.single_transformer_blocks."];

    /// <summary>What stands behind a module. The first that fits counts, so longer ones stand first.</summary>
    private static readonly (string Suffix, LoraPart Part, Style Style)[] s_suffixes =
    [
        (".lora_A.weight", LoraPart.A, Style.Peft),
        (".lora_B.weight", LoraPart.B, Style.Peft),
        (".lora_magnitude_vector", LoraPart.Magnitude, Style.Peft),
        (".lora_magnitude_vector.weight", LoraPart.Magnitude, Style.Peft),
        (".lora_B.bias", LoraPart.BiasB, Style.Peft),
        (".lora_embedding_A", LoraPart.EmbeddingA, Style.Peft),
        (".lora_embedding_B", LoraPart.EmbeddingB, Style.Peft),
        (".token_adapter.trainable_tokens_delta", LoraPart.TokenRows, Style.Peft),
        (".token_adapter.trainable_tokens_original", LoraPart.OriginalRows, Style.Peft),
        (".token_adapter.base_layer.weight", LoraPart.BaseCopy, Style.Peft),
        (".original_module.weight", LoraPart.Original, Style.Peft),
        (".modules_to_save.weight", LoraPart.SavedWeight, Style.Peft),
        (".base_layer.weight", LoraPart.BaseCopy, Style.Peft),
        (".base_layer.bias", LoraPart.Bias, Style.Peft),
        (".lora_down.weight", LoraPart.A, Style.Kohya),
        (".lora_up.weight", LoraPart.B, Style.Kohya),
        (".lora.down.weight", LoraPart.A, Style.Diffusers),
        (".lora.up.weight", LoraPart.B, Style.Diffusers),
        (".alpha", LoraPart.Alpha, Style.Any),
        (".weight", LoraPart.Weight, Style.Peft),
        (".bias", LoraPart.Bias, Style.Peft),
    ];

    /// <summary>Behind these PEFT's modules have one entry for each adapter, whose name some programs leave in the file.</summary>
    private static readonly string[] s_named = [".lora_A.", ".lora_B.", ".lora_magnitude_vector.", ".lora_embedding_A.", ".lora_embedding_B.", ".modules_to_save."];

    private readonly Lazy<Dictionary<string, Site>> _byUnderscores = new(() => baseModel.Sites.ToDictionary(site => site.Path.Replace('.', '_'), StringComparer.Ordinal));
    private string? _adapter;
    private Style _style;
    private bool? _isPrefixed;

    private enum Style
    {
        Any,
        Peft,
        Diffusers,
        Kohya,
    }

    /// <summary>The module and the part that a tensor's name means.</summary>
    public (Site Site, LoraPart Part) Read(string name)
    {
        if (Array.Exists(s_diffusion, start => name.StartsWith(start, StringComparison.Ordinal)))
        {
            throw StoreErrors.Unservable("diffusion_lora", $"The tensor '{AdapterNames.Shorten(name)}' belongs to a LoRA for an image model; this server serves language models.");
        }

        var plain = WithoutAdapter(name);
        var (suffix, part, style) = Array.Find(s_suffixes, entry => plain.EndsWith(entry.Suffix, StringComparison.Ordinal));
        if (suffix is null || plain.Length == suffix.Length)
        {
            throw Unknown(name);
        }

        var isPrefixed = IsNamedAsModule(plain);
        if ((style != Style.Any && _style != Style.Any && style != _style) || (_isPrefixed ??= isPrefixed) != isPrefixed)
        {
            throw Ambiguous($"The tensor '{AdapterNames.Shorten(name)}' is named in another way than the file's other tensors, so it is not clear what they mean together.");
        }

        _style = style == Style.Any ? _style : style;
        var path = plain[..^suffix.Length];
        return Find(path) is { } site ? (site, part) : IsNamedAsModule(path) || style != Style.Peft ? throw UnknownModule(path) : throw Unknown(name);
    }

    private static bool IsNamedAsModule(string path) => path.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary><c>q_proj.lora_A.default.weight</c> → <c>q_proj.lora_A.weight</c>.</summary>
    private string WithoutAdapter(string name)
    {
        foreach (var marker in s_named)
        {
            var at = name.LastIndexOf(marker, StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            var rest = name[(at + marker.Length)..];
            var dot = rest.LastIndexOf('.');
            var isModule = marker == ".modules_to_save.";
            var (adapter, tail) = dot < 0 ? (rest, string.Empty) : (rest[..dot], rest[dot..]);
            if (dot < 0 && (rest is "weight" or "bias" || isModule))
            {
                RequireOneAdapter(string.Empty);
                return name;
            }

            RequireOneAdapter(adapter);
            return (isModule ? name[..at] : name[..(at + marker.Length - 1)]) + tail;
        }

        return name;
    }

    private void RequireOneAdapter(string adapter)
    {
        if ((_adapter ??= adapter) != adapter)
        {
            throw Ambiguous($"The file holds tensors of several adapters, '{AdapterNames.Shorten(_adapter)}' and '{AdapterNames.Shorten(adapter)}'; save each by itself.");
        }
    }

    private Site? Find(string path)
    {
        if (path.StartsWith(Prefix, StringComparison.Ordinal) && baseModel.FindSite(path[Prefix.Length..]) is { } exact)
        {
            return exact;
        }

        if (path.StartsWith(Kohya, StringComparison.Ordinal) && !path.Contains('.', StringComparison.Ordinal))
        {
            return _byUnderscores.Value.GetValueOrDefault(path[Kohya.Length..]) ?? _byUnderscores.Value.GetValueOrDefault("model_" + path[Kohya.Length..]);
        }

        var names = path.Split('.').Where(name => !s_wrappers.Contains(name)).SkipWhile(name => name == "model");
        var inner = string.Join('.', names);
        return baseModel.FindSite(inner) ?? baseModel.FindSite("model." + inner);
    }

    private AdapterStoreException UnknownModule(string path) => StoreErrors.Unservable(
        "unknown_module",
        $"The file adapts '{AdapterNames.Shorten(IsNamedAsModule(path) ? path[Prefix.Length..] : path)}', which the base model {baseModel.Id} does not have.");

    private static AdapterStoreException Ambiguous(string message) => StoreErrors.Unservable("ambiguous_keys", message);

    private static AdapterStoreException Unknown(string name) => name.EndsWith(".lora_diag", StringComparison.Ordinal)
        ? StoreErrors.Unservable("kasa", $"The tensor '{AdapterNames.Shorten(name)}' holds KaSA's singular values, which are not served; the server takes plain LoRA.")
        : StoreErrors.Unservable("unknown_tensor", $"The tensor '{AdapterNames.Shorten(name)}' is not one that a LoRA has ({Prefix}<module>.lora_A.weight and so on).");
}

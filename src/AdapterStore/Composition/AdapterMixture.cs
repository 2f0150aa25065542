using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition.Merging;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>The adapters that serve a request together.</summary>
/// <param name="Parts">At least one; the order counts only for rounding and for random pruning.</param>
/// <param name="Merge">How they become one adapter; null: each acts by itself and their changes of the base's outputs are summed.</param>
public sealed record AdapterMixture(ImmutableArray<MixturePart> Parts, MergeOptions? Merge = null)
{
    public const int MaxParts = 16;

    public static AdapterMixture Of(AdapterVersion version) => new([new MixturePart(version.Name, version)]);

    /// <summary>The version that is meant where nothing is mixed, or null.</summary>
    internal AdapterVersion? Alone => this is { Parts: [{ Weight: 1, WithAbs: true } part], Merge: null } ? part.Version : null;

    /// <summary>Equal for equal weights.</summary>
    internal string Digest()
    {
        var text = new StringBuilder("mixture\n");
        foreach (var part in Parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"{part.Version.WeightsDigest} {part.Weight:R} {part.WithAbs}\n");
        }

        text.Append(Merge?.Describe());
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

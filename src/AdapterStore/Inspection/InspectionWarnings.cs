using System.Collections.Immutable;
using System.Globalization;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>What in an inspection a person should look at.</summary>
internal static class InspectionWarnings
{
    public static ImmutableArray<InspectionWarning> Of(IEnumerable<InspectedSite> sites) => [.. sites.SelectMany(Of)];

    private static IEnumerable<InspectionWarning> Of(InspectedSite site)
    {
        if (site.Delta is { Frobenius: 0 })
        {
            yield return new("nothing_added", site.Path, $"The adapter adds nothing at {site.Path}; it may not have been trained there.");
        }

        if (site.Delta?.FrobeniusRatio > 1 || site.Delta?.SpectralRatio > 1)
        {
            yield return new(
                "delta_dominates",
                site.Path,
                $"What the adapter adds at {site.Path} is larger than the base's weight: {Told(site.Delta.FrobeniusRatio)} of it in the Frobenius norm, {Told(site.Delta.SpectralRatio)} in the spectral norm.");
        }

        if (site.LogitBound is { } bound && bound.Delta > bound.Base)
        {
            yield return new(
                "logits_dominate",
                site.Path,
                $"At {site.Path} the adapter can change a component by up to {Told(bound.Delta)}, more than the base's own bound of {Told(bound.Base)}.");
        }
    }

    private static string Told(double? value) => value?.ToString("G3", CultureInfo.InvariantCulture) ?? "an unknown part";
}

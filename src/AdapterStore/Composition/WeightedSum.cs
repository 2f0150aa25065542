using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>
/// Several adapters at once: at every site y = base(x) + Σ factor_i · (adapter_i's change of the base's output there).
/// <b>Semantics</b>: where all forms are added terms, each is multiplied and all apply, a site's terms reading the base's x. A form that is no added term (a scale,
/// a rotation, a norm's weight, a replaced matrix) has no exact multiple and no exact sum with others: it is taken where its adapter acts alone and with factor 1.
/// An adapter with factor 0 is left out. What an adapter does to the sequence itself (virtual tokens, activation) is not mixed.
/// <b>Effects</b>: shares the adapters' memory.
/// <b>Errors</b>: Unservable <c>not_additive</c>.
/// </summary>
internal static class WeightedSum
{
    public static FormWeights[]?[] Of(IReadOnlyList<WeightedAdapter> adapters, int sites)
    {
        WeightedAdapter[] present = [.. adapters.Where(adapter => adapter.Factor != 0)];
        Array.ForEach(present, RequireSitesAlone);
        RequireOneState(present);
        var bySite = new FormWeights[]?[sites];
        for (var site = 0; site < sites; site++)
        {
            bySite[site] = At(site, present);
        }

        return bySite;
    }

    private static void RequireSitesAlone(WeightedAdapter adapter)
    {
        if (adapter.Weights is not { VirtualTokens: null, InvocationTokens.IsEmpty: true, NeedsOthers: false })
        {
            throw StoreErrors.Unservable(
                "not_additive", $"'{adapter.Name}' puts tokens of its own before the sequence, acts from a place in it or is a part of others, which has no sum with other adapters; name it alone.");
        }
    }

    /// <summary>Each adapter's forms have their own places in the memory that a sequence keeps, the same ones.</summary>
    private static void RequireOneState(WeightedAdapter[] adapters)
    {
        if (adapters.Where(adapter => adapter.Weights.SequenceStateBytes > 0).Skip(1).FirstOrDefault() is { } second)
        {
            throw StoreErrors.Unservable(
                "not_additive", $"'{second.Name}' and another of the adapters keep a state of each sequence; at most one such adapter is served in a sum.");
        }
    }

    private static FormWeights[]? At(int site, WeightedAdapter[] adapters)
    {
        var acting = adapters.Where(adapter => FormsOf(adapter, site).Any()).ToList();
        if (acting is [{ Factor: 1 } alone])
        {
            return [.. FormsOf(alone, site)];
        }

        // Sorting keeps the adapters' order among equals, so that a sum is the same bits each time.
        return acting.Count == 0 ? null : [.. acting.SelectMany(adapter => FormsOf(adapter, site).Select(form => Scale(adapter, form))).OrderBy(form => form.Form)];
    }

    private static IEnumerable<FormWeights> FormsOf(WeightedAdapter adapter, int site) =>
        adapter.Weights.At(site).ToArray().Where(form => adapter.Replacements || form is not DenseWeights { Mode: DenseMode.Replace });

    private static FormWeights Scale(WeightedAdapter adapter, FormWeights form) => form.Scaled((float)adapter.Factor) ?? throw StoreErrors.Unservable(
        "not_additive",
        $"'{adapter.Name}' is not a sum of terms where another adapter acts too or its weight is not 1: its {FormNames.Of(form.Form)} has no exact multiple and no exact sum with others.");
}

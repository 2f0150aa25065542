using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>
/// Several adapters at once: at every site y = base(x) + Σ factor_i · (adapter_i's change of the base's output there).
/// <b>Semantics</b>: an adapter whose forms at a site are all added terms is multiplied, and its terms read the x that the base reads. Matrices that replace the base's (a head)
/// are mixed with it, (1 - Σ w) base(x) + Σ w f(x), and the terms stand behind them; what else replaces (a norm's weight, rows of the embedding) is taken from one adapter with factor 1.
/// Any other form (a scale, a rotation, DoRA's gain) has no exact sum with others and no exact multiple: it is taken where its adapter acts alone, with factor 1.
/// An adapter with factor 0 is left out.
/// What an adapter does to the sequence itself (virtual tokens, activation) is not mixed, and of adapters that keep a state for each sequence one is taken.
/// <b>Effects</b>: shares the adapters' memory.
/// <b>Errors</b>: Unservable <c>not_additive</c>.
/// </summary>
internal static class WeightedSum
{
    public static FormWeights[]?[] Of(IReadOnlyList<WeightedAdapter> adapters, int sites)
    {
        WeightedAdapter[] present = [.. adapters.Where(adapter => adapter.Factor != 0)];
        Array.ForEach(present, RequireMixable);
        RequireOneState(present);
        var bySite = new FormWeights[]?[sites];
        for (var site = 0; site < sites; site++)
        {
            bySite[site] = At(site, present);
        }

        return bySite;
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

        var replacing = acting.Where(adapter => FormsOf(adapter, site).Any(form => form.Replaces)).ToList();

        // Sorting keeps the adapters' order among equals, so that a sum is the same bits each time.
        return acting.Count == 0 ? null :
        [
            .. acting.SelectMany(adapter => FormsOf(adapter, site).Select(form => (form.Replaces, Form: form.Replaces ? Mix(adapter, form, replacing) : Scale(adapter, form))))
                .OrderBy(entry => entry.Form.Form).ThenByDescending(entry => entry.Replaces).Select(entry => entry.Form),
        ];
    }

    /// <summary>Of all replacements y = (1 - Σ w) base(x) + Σ w f(x), the first of them keeping the base's part.</summary>
    private static FormWeights Mix(WeightedAdapter adapter, FormWeights form, List<WeightedAdapter> replacing)
    {
        if (replacing is [{ Factor: 1 }])
        {
            return form;
        }

        var keep = ReferenceEquals(adapter, replacing[0]) ? 1 - replacing.Sum(other => other.Factor) : 1;
        return form.Mixed((float)keep, (float)adapter.Factor) ?? throw NotAdditive(adapter, form);
    }

    private static IEnumerable<FormWeights> FormsOf(WeightedAdapter adapter, int site) =>
        adapter.Weights.At(site).ToArray().Where(form => adapter.Replacements || !form.Replaces);

    private static FormWeights Scale(WeightedAdapter adapter, FormWeights form) => form.Scaled((float)adapter.Factor) ?? throw NotAdditive(adapter, form);

    private static AdapterStoreException NotAdditive(WeightedAdapter adapter, FormWeights form) => StoreErrors.Unservable(
        "not_additive",
        $"'{adapter.Name}' has no exact sum with the others: its {FormNames.Of(form.Form)} is no added term, which can stand only where no other adapter acts and with weight 1.");

    private static void RequireMixable(WeightedAdapter adapter)
    {
        if (adapter.Weights is not { VirtualTokens: null, Vocabulary: null, InvocationTokens.IsEmpty: true, NeedsOthers: false })
        {
            throw StoreErrors.Unservable(
                "not_additive", $"'{adapter.Name}' puts tokens of its own before the sequence, adds some to the vocabulary, acts from a place in the sequence or is a part of others, which has no sum with other adapters; "
                + "name it alone, with weight 1.");
        }

        if (!adapter.Replacements && Enumerable.Range(0, adapter.Weights.Sites).Any(site => adapter.Weights.At(site).ToArray().Any(form => form.Form == FormKind.OutputBias)))
        {
            throw StoreErrors.Unservable("not_additive", $"'{adapter.Name}' has biases, and those that it adds can't be told from those that it replaces; it is served only with_abs.");
        }
    }
}

using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>
/// Several adapters → one LoRA of scale 1, from their lowered weights, exactly as the files have them, in f64, rounded once to f32.
/// <b>Semantics</b>: with weights w_i, scales s_i and factors A_i, B_i of the adapters that act at a site. Ranks: A = [w_i s_i A_i], B = [B_i]. Factors: A combined of the A_i
/// with weights sign(w_i s_i) √|w_i s_i|, and B of the B_i with √|w_i s_i|. Deltas: Σ w_i (s_i B_i A_i), each pruned first, as its best approximation of a rank.
/// How tensors are pruned and combined: <see cref="TensorMerge"/>.
/// <b>Errors</b>: Unservable <c>merge_form</c> for what is no product of the input, <c>merge_rank</c> for factors of different ranks, <c>not_finite</c>.
/// <b>Source</b>: PEFT's <c>add_weighted_adapter</c>.
/// </summary>
internal sealed class AdapterMerge(AdapterMixture mixture, AdapterWeights[] weights)
{
    private readonly MergeOptions _options = mixture.Merge ?? new MergeOptions(MergeMethod.Find("cat")!);

    public IReadOnlyList<MergedSite> Run(BaseModel baseModel, CancellationToken cancellationToken)
    {
        RequireSitesAlone();
        var rank = DeltaRank();
        var merged = new List<MergedSite>();
        foreach (var site in baseModel.Sites)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Terms(site) is { Length: > 0 } terms)
            {
                merged.Add(Merge(site, terms, rank));
            }
        }

        return merged;
    }

    /// <summary>What all adapters do at a site. <b>Errors</b>: <c>merge_form</c>.</summary>
    public MergeTerm[] Terms(Site site)
    {
        var terms = new List<MergeTerm>();
        for (var part = 0; part < weights.Length; part++)
        {
            var forms = weights[part].At(site.Index).ToArray();
            if (forms.Length > 0)
            {
                RequireMergeable(part, site, forms);
                terms.Add(new MergeTerm(part, mixture.Parts[part].Weight, forms));
            }
        }

        return [.. terms];
    }

    /// <summary>The greatest rank of the parts, unless another one is asked for.</summary>
    public int DeltaRank() => _options.SvdRank ?? weights
        .SelectMany(own => Enumerable.Range(0, own.Sites).SelectMany(site => own.At(site).ToArray()))
        .OfType<LowRankWeights>().Select(form => form.Rank).DefaultIfEmpty(1).Max();

    private MergedSite Merge(Site site, MergeTerm[] terms, int deltaRank) => _options.Method.Space switch
    {
        MergeSpace.Ranks => Narrow(site, Stack(terms)),
        MergeSpace.Factors => Narrow(site, Combine(site, terms)),
        MergeSpace.Deltas => Narrow(site, MergedDelta.Of(site, terms, _options, deltaRank)),
        _ => throw new InvalidOperationException($"No merge of {_options.Method.Space}."),
    };

    private static (int Rank, Factors Factors) Stack(MergeTerm[] terms)
    {
        LowRankWeights[] scaled = [.. terms.SelectMany(term => term.Forms.Cast<LowRankWeights>())];
        double[] factors = [.. terms.SelectMany(term => term.Forms.Cast<LowRankWeights>().Select(form => term.Weight * form.Scale))];
        var rank = scaled.Sum(form => form.Rank);
        var (left, right) = (new double[scaled[0].OutFeatures * rank], new double[rank * scaled[0].InFeatures]);
        var from = 0;
        for (var i = 0; i < scaled.Length; i++)
        {
            var a = DoubleMatrix.Widen(scaled[i].UnpackA());
            DoubleMatrix.Scale(a, factors[i]);
            a.CopyTo(right, from * scaled[0].InFeatures);
            var b = scaled[i].UnpackB();
            for (var at = 0; at < b.Length; at++)
            {
                left[(at / scaled[i].Rank * rank) + from + (at % scaled[i].Rank)] = b[at];
            }

            from += scaled[i].Rank;
        }

        return (rank, new Factors(left, right));
    }

    private (int Rank, Factors Factors) Combine(Site site, MergeTerm[] terms)
    {
        LowRankWeights[] forms = [.. terms.Select(term => (LowRankWeights)term.Forms[0])];
        if (forms.Any(form => form.Rank != forms[0].Rank))
        {
            throw StoreErrors.Unservable(
                "merge_rank",
                $"'{_options.Method.Name}' combines factors of the same rank, and at '{site.Path}' they are of the ranks {string.Join(", ", forms.Select(form => form.Rank))}; take cat or a method on deltas.");
        }

        double[] factors = [.. terms.Select((term, i) => term.Weight * forms[i].Scale)];
        var left = new TensorMerge(_options, [.. terms.Select(term => new MergeChance(_options.Seed, term.Part, site.Path, "B"))]);
        var right = new TensorMerge(_options, [.. terms.Select(term => new MergeChance(_options.Seed, term.Part, site.Path, "A"))]);
        return (forms[0].Rank, new Factors(
            left.Combine([.. forms.Select(form => DoubleMatrix.Widen(form.UnpackB()))], Array.ConvertAll(factors, factor => Math.Sqrt(Math.Abs(factor)))),
            right.Combine([.. forms.Select(form => DoubleMatrix.Widen(form.UnpackA()))], Array.ConvertAll(factors, factor => Math.CopySign(Math.Sqrt(Math.Abs(factor)), factor)))));
    }

    private static MergedSite Narrow(Site site, (int Rank, Factors Factors) made) =>
        new(site, made.Rank, MadeTensors.Narrow(made.Factors.Right, site), MadeTensors.Narrow(made.Factors.Left, site));

    private void RequireSitesAlone()
    {
        var at = Array.FindIndex(weights, own => own is not { VirtualTokens: null, Vocabulary: null, InvocationTokens.IsEmpty: true });
        if (at >= 0)
        {
            throw StoreErrors.Unservable("merge_form", $"'{mixture.Parts[at].Name}' puts tokens of its own before the sequence, adds some to the vocabulary or acts from a place in the sequence, which no merge can hold.");
        }
    }

    private void RequireMergeable(int part, Site site, FormWeights[] forms)
    {
        var mergeable = _options.Method.Space switch
        {
            MergeSpace.Factors => forms is [LowRankWeights { IsProduct: true }],
            MergeSpace.Ranks => Array.TrueForAll(forms, form => form is LowRankWeights { IsProduct: true }),
            _ => Array.TrueForAll(forms, Spectra.SiteDelta.IsAdditive),
        };
        if (!mergeable)
        {
            throw StoreErrors.Unservable(
                "merge_form", $"'{mixture.Parts[part].Name}' is no plain LoRA at '{site.Path}', so '{_options.Method.Name}' does not apply; combine \"sum\" takes more kinds.");
        }
    }
}

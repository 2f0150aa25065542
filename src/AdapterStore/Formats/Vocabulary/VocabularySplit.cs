using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Vocabulary;

/// <summary>
/// Forms on a base with added tokens → forms on the base as it is, and those of the added tokens' own head.
/// <b>Semantics</b>: logits of the base's tokens and of the added ones are computed apart, each by its rows of the matrices. Rows that are the base's are dropped.
/// <b>Errors</b>: Unservable <c>vocabulary</c> where an added token has no row, or for a form that can't be taken apart.
/// </summary>
internal sealed class VocabularySplit(ITensorSource file, BaseModel baseModel, int added)
{
    private readonly Site _embedding = baseModel.Sites.First(site => site.Kind == SiteKind.Embedding);
    private readonly Site _head = baseModel.Sites.First(site => site.Kind == SiteKind.Head);

    private int Known => _embedding.InFeatures;

    /// <param name="forms">As a reader placed them on <paramref name="widened"/>.</param>
    /// <param name="widened">The base with the added tokens.</param>
    /// <param name="baseModel">The base as it is.</param>
    /// <param name="file">Where the tensors are.</param>
    public static (ImmutableArray<SiteTensors> Forms, VocabularyTensors? Vocabulary) Of(ImmutableArray<SiteTensors> forms, BaseModel widened, BaseModel baseModel, ITensorSource file) =>
        widened.AddedTokens == 0 ? (forms, null) : new VocabularySplit(file, baseModel, widened.AddedTokens).Split([.. forms.SelectMany(form => form.Forms)]);

    private (ImmutableArray<SiteTensors>, VocabularyTensors?) Split(ImmutableArray<SiteTensors> forms)
    {
        RequireRows(_embedding, forms.OfType<ReplacedRowsTensors>().SelectMany(form => form.Ids));
        var head = forms.Where(form => form.Site.Kind == SiteKind.Head).ToList();
        var whole = head.OfType<DenseTensors>().SingleOrDefault();
        var tokens = head.OfType<HeadRowsTensors>().SingleOrDefault();
        RequireRows(_head, whole is null ? tokens?.Ids ?? [] : Enumerable.Range(Known, added));
        var own = _head with { OutFeatures = added };
        return (
            [.. forms.Where(form => form.Site.Kind != SiteKind.Head).Select(OfEmbedding), .. OfKnown(whole, tokens), .. head.Select(form => LowRankRows(form, _head, 0)).OfType<SiteTensors>()],
            new VocabularyTensors(added, [
                new AddedHeadTensors(own, Known, whole?.W.Rows(Known, added), tokens?.Rows, tokens?.Ids ?? []),
                .. head.Select(form => LowRankRows(form, own, Known)).OfType<SiteTensors>(),
            ]));
    }

    private void RequireRows(Site site, IEnumerable<int> ids)
    {
        var have = ids.ToHashSet();
        var missing = Enumerable.Range(Known, added).FirstOrDefault(id => !have.Contains(id), -1);
        if (missing >= 0)
        {
            throw AddedTokens.Wrong(
                $"The adapter adds {added} tokens to the base's {Known}, but its file has no row of '{site.Path}' for the token {missing}; "
                + "save embedding and head with save_embedding_layers=True.");
        }
    }

    private SiteTensors OfEmbedding(SiteTensors form) => form is ReplacedRowsTensors rows && rows.Ids.Length == Known + added && WholeWeight.EqualsBase(file, rows.Rows.Rows(0, Known), _embedding, baseModel)
        ? rows with { Rows = rows.Rows.Rows(Known, added), Ids = [.. Enumerable.Range(Known, added)] }
        : form;

    /// <summary>What the head does to the logits of the base's tokens, but for a LoRA.</summary>
    private IEnumerable<SiteTensors> OfKnown(DenseTensors? whole, HeadRowsTensors? tokens)
    {
        var hasKnownTokens = tokens?.Ids.Any(id => id < Known) == true;
        if (whole is not null && !WholeWeight.EqualsBase(file, whole.W.Rows(0, Known), _head, baseModel))
        {
            yield return hasKnownTokens
                ? throw AddedTokens.Wrong($"The file has rows of single tokens of '{_head.Path}' beside a matrix that is not the base's, which is not served.")
                : whole with { Site = _head, W = whole.W.Rows(0, Known) };
        }

        if (hasKnownTokens)
        {
            yield return tokens! with { Site = _head };
        }
    }

    /// <summary>The part of a LoRA at the head that yields the logits of some tokens, or null for what is no LoRA.</summary>
    private static SiteTensors? LowRankRows(SiteTensors form, Site site, int first) => form switch
    {
        LowRankTensors lowRank => lowRank with { Site = site, B = lowRank.B.Rows(first, site.OutFeatures) },
        MadeLowRankTensors made => made with { Site = site, Make = values => RowsOf(made.Make(values), first * made.Rank, site.OutFeatures * made.Rank) },
        DenseTensors or HeadRowsTensors => null,
        _ => throw AddedTokens.Wrong($"The adapter adds tokens and does more to '{form.Site.Path}' than replacing rows and adding a LoRA, which is not served."),
    };

    private static Factors RowsOf(Factors factors, int from, int count) => factors with { Left = factors.Left[from..(from + count)] };
}

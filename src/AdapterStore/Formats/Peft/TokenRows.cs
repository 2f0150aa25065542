using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Rows of single tokens that the adapter has of its own, of the embedding or of the head; PEFT calls them trainable tokens, and the file holds them whole.
/// On a base with tied embeddings the embedding's rows are the head's too, unless the configuration gives the head other tokens.
/// <b>Errors</b>: Unservable <c>trainable_tokens</c>, <c>token_index</c>, <c>missing_modules</c>, <c>shape_mismatch</c>, <c>base_weights</c>.
/// <b>Source</b>: PEFT, tuners/trainable_tokens.
/// </summary>
internal sealed class TokenRows(BaseModel baseModel)
{
    private readonly SortedDictionary<int, ImmutableArray<int>> _idsBySite = [];

    /// <summary>Sites that get rows, of which the head may follow the embedding without a tensor of its own.</summary>
    public IEnumerable<Site> Sites => _idsBySite.Keys.Select(index => baseModel.Sites[index]);

    /// <summary>Ids of every site that the name ends; none given means the embedding.</summary>
    public void Add(string? name, ImmutableArray<int> ids)
    {
        var sites = baseModel.Sites.Where(site => name is null ? site.Kind == SiteKind.Embedding : site.Path.EndsWith(name, StringComparison.Ordinal)).ToList();
        if (sites.Count == 0)
        {
            throw NoTokens(name ?? "the embedding");
        }

        sites.ForEach(site => Add(site, ids));
    }

    public void Add(Site site, ImmutableArray<int> ids)
    {
        if (site.Kind is not (SiteKind.Embedding or SiteKind.Head))
        {
            throw NoTokens(site.Path);
        }

        if (ids.IsEmpty || ids.Any(id => id < 0 || id >= site.WeightRows) || ids.Distinct().Count() != ids.Length)
        {
            throw StoreErrors.Unservable("token_index", $"The token ids given for '{site.Path}' must be different ones from 0 to {site.WeightRows - 1}, and at least one.");
        }

        if (!_idsBySite.TryAdd(site.Index, ids))
        {
            throw StoreErrors.Unservable("trainable_tokens", $"Trainable tokens of '{site.Path}' are given twice.");
        }
    }

    /// <param name="find">The file's rows for a site, or null.</param>
    public IEnumerable<SiteTensors> Place(Func<Site, SafetensorsTensor?> find)
    {
        var followed = FollowsEmbedding() ? Sites.First(site => site.Kind == SiteKind.Embedding) : null;
        foreach (var site in Sites.Where(site => followed is null || site.Kind == SiteKind.Embedding))
        {
            yield return Place(site, site, find);
        }

        if (followed is not null)
        {
            yield return Place(baseModel.Sites.First(site => site.Kind == SiteKind.Head), followed, find);
        }
    }

    public bool FollowsEmbedding()
    {
        var embedding = Sites.FirstOrDefault(site => site.Kind == SiteKind.Embedding);
        var head = Sites.FirstOrDefault(site => site.Kind == SiteKind.Head);
        return baseModel.HasTiedEmbeddings && embedding is not null && (head is null || _idsBySite[head.Index].SequenceEqual(_idsBySite[embedding.Index]));
    }

    private static AdapterStoreException NoTokens(string name) => StoreErrors.Unservable(
        "trainable_tokens", $"Trainable tokens are given for '{AdapterNames.Shorten(name)}', which is neither the embedding nor the output layer of this base.");

    private SiteTensors Place(Site site, Site source, Func<Site, SafetensorsTensor?> find)
    {
        var ids = _idsBySite[source.Index];
        var rows = find(source) ?? throw StoreErrors.Unservable("missing_modules", $"The configuration gives token ids for '{source.Path}', but the file has no rows for it.");
        if (!rows.HasShape(ids.Length, source.WeightColumns))
        {
            throw StoreErrors.Unservable(
                "shape_mismatch",
                $"The tensor '{AdapterNames.Shorten(rows.Name)}' has shape [{string.Join(", ", rows.Shape)}]; "
                + $"with the token ids given it must be [{ids.Length}, {source.WeightColumns}].");
        }

        if (site.Kind == SiteKind.Embedding)
        {
            return new ReplacedRowsTensors(site, rows, ids);
        }

        return baseModel.Weights is null
            ? throw StoreErrors.Unservable("base_weights", "Rows of the output layer are served as a difference from the base's weights, which are not at hand.")
            : new HeadRowsTensors(site, rows, ids);
    }
}

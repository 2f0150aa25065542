using System.Collections.Frozen;
using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Models;

/// <summary>
/// What adapters need to know of the base model that they act on.
/// </summary>
public sealed class BaseModel
{
    private readonly FrozenDictionary<string, Site> _byPath;

    /// <param name="id">The name under which the base is served.</param>
    /// <param name="fingerprint">SHA-256 over the base's configuration and weights, <c>sha256:…</c>.</param>
    /// <param name="sites">All sites, each with <see cref="Site.Index"/> equal to its position.</param>
    public BaseModel(string id, string fingerprint, ImmutableArray<Site> sites)
    {
        for (var i = 0; i < sites.Length; i++)
        {
            if (sites[i].Index != i)
            {
                throw new ArgumentException($"Site {sites[i].Path} has index {sites[i].Index} at position {i}.", nameof(sites));
            }
        }

        Id = id;
        Fingerprint = fingerprint;
        Sites = sites;
        _byPath = sites.ToFrozenDictionary(site => site.Path, StringComparer.Ordinal);
    }

    public string Id { get; }

    public string Fingerprint { get; }

    public ImmutableArray<Site> Sites { get; }

    /// <summary>Layers of attention and feed-forward network, or 0 when that is not known.</summary>
    public int Layers { get; init; }

    /// <summary>Heads of a layer's keys and values, or 0 when that is not known.</summary>
    public int KvHeads { get; init; }

    /// <summary>Rows of one attention head in the query and key projections, or 0 when that is not known.</summary>
    public int HeadSize { get; init; }

    /// <summary>Whether the head's weight is the embedding's.</summary>
    public bool HasTiedEmbeddings { get; init; }

    /// <summary>By how many tokens an adapter's vocabulary is larger than that of the base that this stands for; 0 but for what <see cref="WithAddedTokens"/> gives.</summary>
    internal int AddedTokens { get; private init; }

    /// <summary>Null where the base's weights are not at hand; kinds that need them are refused then.</summary>
    public IBaseWeights? Weights { get; init; }

    public Site? FindSite(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The base as an adapter sees it that adds so many tokens: embedding and head have that many rows more. <see cref="Weights"/> knows only the base's own sites.</summary>
    internal BaseModel WithAddedTokens(int count) => count == 0 ? this : new BaseModel(Id, Fingerprint, [.. Sites.Select(site => site.WithAddedTokens(count))])
    {
        Layers = Layers, KvHeads = KvHeads, HeadSize = HeadSize, HasTiedEmbeddings = HasTiedEmbeddings, Weights = Weights, AddedTokens = count,
    };
}

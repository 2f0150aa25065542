using System.Collections.Immutable;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// The lowered tensors of one adapter, ready for the kernels of one base model. Immutable; shared by every request that uses the adapter.
/// <b>Effects</b>: disposed only by whoever gives out leases on it, after the last one has ended.
/// </summary>
public sealed class AdapterWeights : IDisposable
{
    private readonly FormWeights[]?[] _bySite;
    private readonly IDisposable _memory;
    private readonly WeightArena? _arena;

    /// <param name="digest">The content digest of the adapter version, <c>sha256:…</c>, with the task behind a <c>#</c> where it has several.</param>
    /// <param name="bySite">For each site index of the base: the forms there in <see cref="FormKind"/> order, or null.</param>
    /// <param name="arena">Owns the memory that the forms point into; ownership passes to this object.</param>
    public AdapterWeights(string digest, FormWeights[]?[] bySite, WeightArena arena)
    {
        Digest = digest;
        (_bySite, _memory, _arena, SequenceStateBytes) = (bySite, arena, arena, StateBytesOf(bySite));
    }

    /// <summary>Weights made of those of others, which take no memory of their own.</summary>
    /// <param name="digest">Differs from that of every other content and combination.</param>
    /// <param name="bySite">As for one adapter.</param>
    /// <param name="memory">What keeps the memory that the forms point into; ownership passes to this object.</param>
    public AdapterWeights(string digest, FormWeights[]?[] bySite, IDisposable memory)
    {
        Digest = digest;
        (_bySite, _memory, SequenceStateBytes) = (bySite, memory, StateBytesOf(bySite));
    }

    public string Digest { get; }

    /// <summary>The tokens that the adapter adds, or null.</summary>
    public VocabularyExtension? Vocabulary { get; init; }

    /// <summary>How many tokens the adapter adds.</summary>
    public int AddedTokens => Vocabulary?.Tokens ?? 0;

    /// <summary>What stands before the sequence, or null.</summary>
    public VirtualTokens? VirtualTokens { get; init; }

    /// <summary>Of an activated adapter: it acts from the last place in the prompt where these ids stand, and nowhere without one. Empty: everywhere.</summary>
    public ImmutableArray<int> InvocationTokens { get; init; } = [];

    /// <summary>Whether its bottlenecks take in the residual stream for good, as AdapterPlus does: nothing can follow them in a stack.</summary>
    public bool AddsResidual { get; init; }

    /// <summary>Whether it means something only together with others, as the attention of a fusion does.</summary>
    public bool NeedsOthers { get; init; }

    /// <summary>How long it took to make them.</summary>
    public TimeSpan LoadTime { get; internal set; }

    /// <summary>Native bytes held.</summary>
    public long Bytes => _arena?.Bytes ?? 0;

    /// <summary>How many sites the base has.</summary>
    public int Sites => _bySite.Length;

    /// <summary>Bytes that each sequence keeps for the forms between steps; where there are any, every token of a sequence has to be computed for it.</summary>
    public long SequenceStateBytes { get; }

    /// <summary>The forms at a site, in the order in which they apply; empty where the adapter does nothing. Allocates nothing.</summary>
    public ReadOnlySpan<FormWeights> At(int siteIndex) => _bySite[siteIndex];

    public void Dispose() => _memory.Dispose();

    private static long StateBytesOf(FormWeights[]?[] bySite) => bySite.SelectMany(forms => forms ?? []).Select(form => form.StateEnd).DefaultIfEmpty().Max();
}

using System.Collections.Immutable;
using AdapterServe.AdapterStore.Composition.Merging;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>The field <c>adapters</c> and those that say how they are combined, checked but not resolved.</summary>
/// <param name="Parts">One at least.</param>
/// <param name="Merge">Null for a sum and for a composition.</param>
/// <param name="Block">Null for a sum and for a merge.</param>
/// <param name="Fusion">Of a fusion, the adapter that holds its attention.</param>
internal sealed record MixtureRequest(ImmutableArray<MixtureRequestPart> Parts, MergeOptions? Merge, BlockKind? Block = null, string? Fusion = null)
{
    /// <summary>How many adapters it names.</summary>
    public int Adapters => Parts.Sum(part => part.Block?.Adapters ?? 1);
}

/// <param name="Name">A reference as in <c>model</c>.</param>
/// <param name="Weight">1 unless given.</param>
/// <param name="WithAbs">Whether it brings the matrices with which it replaces the base's.</param>
/// <param name="FromToken">The first prompt token that it acts on.</param>
/// <param name="Block">A composition in an adapter's place, within a stack; its name is empty.</param>
internal sealed record MixtureRequestPart(string Name, double Weight, bool WithAbs, int FromToken, MixtureRequest? Block = null);

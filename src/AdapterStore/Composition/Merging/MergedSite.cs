using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>What a merge adds at one site: y += B (A x). <b>Shapes</b>: A [Rank, in], B [out, Rank], row-major.</summary>
internal sealed record MergedSite(Site Site, int Rank, float[] A, float[] B);

using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>
/// What an adapter's lowered weights look like, for people who train and choose adapters. Nothing is decided by it.
/// </summary>
/// <param name="Name">The adapter's name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Digest">The content digest, <c>sha256:…</c>.</param>
/// <param name="Complete">False when time ran out before every site was measured; asking again goes on from there.</param>
/// <param name="Bytes">Host memory of the lowered weights; 0 while they are not in memory.</param>
/// <param name="HeldError">The largest of its forms' held errors; null where everything is held as the file has it.</param>
/// <param name="Sites">Every site where the adapter acts, in the base's order.</param>
/// <param name="Warnings">What a person should look at.</param>
public sealed record AdapterInspection(
    string Name, int Version, string Digest, bool Complete, long Bytes, double? HeldError, ImmutableArray<InspectedSite> Sites,
    ImmutableArray<InspectionWarning> Warnings);

/// <summary>One site.</summary>
/// <param name="Path">The base's module path.</param>
/// <param name="Forms">What the adapter is lowered to there.</param>
/// <param name="Bytes">Of all forms.</param>
/// <param name="Delta">The additive part against the base's weight; null where there is none or it is not measured yet.</param>
/// <param name="LogitBound">Of query and key projections behind a norm.</param>
public sealed record InspectedSite(string Path, ImmutableArray<InspectedForm> Forms, long Bytes, DeltaNorms? Delta, LogitBound? LogitBound);

/// <summary>One form; what it does not have is null.</summary>
/// <param name="Form">As in the descriptor's <c>forms</c>.</param>
/// <param name="Bytes">Host memory.</param>
/// <param name="Rank">Of a low-rank form.</param>
/// <param name="Scale">What multiplies the product of its factors.</param>
/// <param name="WeightType">How its matrices are held: <c>float32</c>, <c>bfloat16</c>, <c>int8</c> or <c>1bit</c>.</param>
/// <param name="Mode">Of a dense form: <c>add</c> or <c>replace</c>.</param>
/// <param name="Elements">Stored elements of a sparse form.</param>
public sealed record InspectedForm(string Form, long Bytes, int? Rank, double? Scale, string? WeightType, string? Mode, int? Elements)
{
    /// <summary>
    /// Of a low-rank form that is held in fewer bits than the file has, |what is held - the file's| over |the file's| in the Frobenius norm of the
    /// product of its factors, estimated.
    /// </summary>
    public double? HeldError { get; init; }
}

/// <summary>
/// Norms of Δ, what the additive forms (low-rank, dense, sparse) of a site add together; of a matrix that replaces the base's W, Δ is the difference to W. Six digits.
/// </summary>
/// <param name="Frobenius">√ of the sum of all squares.</param>
/// <param name="Spectral">The largest singular value; of forms that are not low-rank by power iteration, which ends a little below it.</param>
/// <param name="StableRank">Frobenius² / spectral².</param>
/// <param name="EffectiveRank">exp of the entropy of σ² / Σσ², of low-rank forms up to rank 512; null for others.</param>
/// <param name="BaseFrobenius">Of W; null where the base's weights are not at hand.</param>
/// <param name="BaseSpectral">Of W, by power iteration.</param>
/// <param name="FrobeniusRatio">Δ's over W's.</param>
/// <param name="SpectralRatio">Δ's over W's.</param>
public sealed record DeltaNorms(
    double Frobenius, double Spectral, double StableRank, double? EffectiveRank, double? BaseFrobenius, double? BaseSpectral, double? FrobeniusRatio, double? SpectralRatio);

/// <summary>
/// How large Δ can make one component of a query or key, from the weights alone: √d max_j |g ∘ row_j(Δ)| with the input norm's weight g and d its width, since a row behind RMSNorm is at
/// most √d long before g. A diagnostic of magnitude in the sense of arXiv:2406.03136, where √(ln L) separates attention of length L that can be approximated fast from such that can't:
/// asymptotic, about training, before the rotation of positions, without constants; never a pass or fail.
/// </summary>
/// <param name="Delta">The bound of Δ's part.</param>
/// <param name="Base">The same bound of the base's weight.</param>
/// <param name="OverRootLog">Delta over √(ln L).</param>
public sealed record LogitBound(double Delta, double Base, ImmutableArray<LengthRatio> OverRootLog);

/// <param name="Length">L, a context in tokens.</param>
/// <param name="Ratio">The bound over √(ln L).</param>
public sealed record LengthRatio(int Length, double Ratio);

/// <param name="Code">A stable word: <c>delta_dominates</c>, <c>logits_dominate</c>, <c>nothing_added</c>.</param>
/// <param name="Path">The site.</param>
/// <param name="Message">One sentence.</param>
public sealed record InspectionWarning(string Code, string Path, string Message);

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// A reference that was resolved: fixes the content for the rest of the request, whatever happens to the name meanwhile.
/// </summary>
/// <param name="Tenant">Whose adapter it is (for a shared one: <c>shared</c>).</param>
/// <param name="Name">Its name, without the tenant.</param>
/// <param name="Number">The version's number.</param>
/// <param name="Digest">The content digest, <c>sha256:…</c>; equal digests are equal weights.</param>
/// <param name="WeightBytes">Host memory that its weights need.</param>
/// <param name="Task">Of an adapter that holds several tasks the one that is meant, counted from 0; null for adapters without tasks.</param>
public sealed record AdapterVersion(string Tenant, string Name, int Number, string Digest, long WeightBytes, int? Task = null)
{
    /// <summary>How many tokens it adds behind the base's vocabulary.</summary>
    public int AddedTokens { get; init; }

    /// <summary>Host memory of the weights exactly as the file has them, where that is not how they are held; else null.</summary>
    internal long? ExactBytes { get; init; }

    /// <summary>Names the weights: a content has other ones for each of its tasks.</summary>
    public string WeightsDigest => IsExact ? Adapters.WeightsDigest.Exact(HeldDigest) : HeldDigest;

    private bool IsExact { get; init; }

    private string HeldDigest => Adapters.WeightsDigest.Of(Digest, Task);

    /// <summary>The same with its weights exactly as the file has them, for computations on them; where others are held they take room of their own.</summary>
    public AdapterVersion Exactly() => ExactBytes is { } bytes ? this with { WeightBytes = bytes, ExactBytes = null, IsExact = true } : this;
}

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
    public long? ExactBytes { get; init; }

    /// <summary>Names the weights exactly as the file has them.</summary>
    internal string ExactDigest => ExactBytes is null ? WeightsDigest : Adapters.WeightsDigest.Exact(WeightsDigest);

    /// <summary>Names the weights: a content has other ones for each of its tasks.</summary>
    public string WeightsDigest => Adapters.WeightsDigest.Of(Digest, Task);
}

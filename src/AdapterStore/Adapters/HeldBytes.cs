namespace AdapterServe.AdapterStore.Adapters;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>
/// Host memory of an adapter's lowered weights in each <see cref="AdapterWeightFormat"/>: servers of one data folder may differ in theirs.
/// </summary>
public sealed record HeldBytes(long File, long BF16, long Int8, long OneBit)
{
    /// <summary>Whether it has low-rank forms.</summary>
    public bool HasLowRank { get; init; }

    /// <summary>Whether all of them are bf16 in the file.</summary>
    public bool IsBF16 { get; init; }

    /// <summary>Whether the format changes nothing.</summary>
    public bool IsExactIn(AdapterWeightFormat format) =>
        !HasLowRank || format == AdapterWeightFormat.File || (format == AdapterWeightFormat.BF16 && IsBF16);

    public long Of(AdapterWeightFormat format) => format switch
    {
        AdapterWeightFormat.File => File,
        AdapterWeightFormat.BF16 => BF16,
        AdapterWeightFormat.Int8 => Int8,
        _ => OneBit,
    };
}

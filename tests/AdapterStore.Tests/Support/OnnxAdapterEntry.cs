namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>A parameter of an <see cref="OnnxAdapterBytes"/>.</summary>
internal sealed record OnnxAdapterEntry(string Name, long[] Sizes, int Type, byte[] Data)
{
    /// <summary>Bytes in place of the name's.</summary>
    public byte[]? RawName { get; init; }

    /// <summary>A length in place of the data's.</summary>
    public uint? DataLength { get; init; }
}

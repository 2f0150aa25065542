using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Tests.Fuzz;

/// <summary>A sound upload and the base that it was made for.</summary>
internal sealed record FuzzItem(string Name, Dictionary<string, byte[]> Files, BaseModel Base)
{
    /// <summary>Sorted, so that a round's number says which file it damages.</summary>
    public string[] FileNames { get; } = [.. Files.Keys.Order(StringComparer.Ordinal)];

    public int Bytes { get; } = Files.Values.Sum(file => file.Length);
}

using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>The weights of an imported model, read from the files that its session maps.</summary>
internal sealed class MappedBaseWeights(ImmutableArray<WeightReference> weights, float normEpsilon) : IBaseWeights
{
    private readonly FrozenDictionary<string, WeightReference> _byName = weights.ToFrozenDictionary(weight => weight.Name, StringComparer.Ordinal);

    public float NormEpsilon => normEpsilon;

    public void Read(Site site, Span<float> destination)
    {
        RequireLength(site, (long)site.WeightRows * site.WeightColumns, destination);
        Read(Find(site), 0, destination);
    }

    public void ReadRows(Site site, int firstRow, Span<float> destination)
    {
        var rows = destination.Length / site.WeightColumns;
        RequireLength(site, (long)rows * site.WeightColumns, destination);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, site.WeightRows - rows);
        Read(Find(site), (long)firstRow * site.WeightColumns * sizeof(float), destination);
    }

    public bool TryReadBias(Site site, Span<float> destination)
    {
        if (!_byName.TryGetValue(site.Path + ".bias", out var bias))
        {
            return false;
        }

        RequireLength(site, bias.Bytes / sizeof(float), destination);
        Read(bias, 0, destination);
        return true;
    }

    private static void RequireLength(Site site, long expected, Span<float> destination)
    {
        if (destination.Length != expected)
        {
            throw new ArgumentException($"BaseWeights of '{site.Path}': destination: expected {expected} elements, got {destination.Length}.", nameof(destination));
        }
    }

    private static void Read(WeightReference weight, long offset, Span<float> destination)
    {
        using var file = File.OpenHandle(weight.Path);
        var bytes = MemoryMarshal.AsBytes(destination);
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(file, bytes[done..], weight.Offset + offset + done);
            done += read > 0 ? read : throw new EndOfStreamException($"'{weight.Path}' was cut short after the import.");
        }
    }

    /// <summary>A head that is tied to the embedding has no weight of its own.</summary>
    private WeightReference Find(Site site)
    {
        var weight = _byName.GetValueOrDefault(site.Path + ".weight") ?? (site.Kind == SiteKind.Head ? _byName.GetValueOrDefault(LlamaTensors.Embedding) : null);
        return weight is not null && weight.Bytes == (long)site.WeightRows * site.WeightColumns * sizeof(float)
            ? weight
            : throw new ArgumentException($"The site '{site.Path}' has no weight of [{site.WeightRows}, {site.WeightColumns}].", nameof(site));
    }
}

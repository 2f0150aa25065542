using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models;

/// <summary>The weights of an imported model, read from the files that its session maps.</summary>
internal sealed class MappedBaseWeights(ImmutableArray<WeightReference> weights, float normEpsilon) : IBaseWeights
{
    private readonly FrozenDictionary<string, WeightReference> _byName = weights.ToFrozenDictionary(weight => weight.Name, StringComparer.Ordinal);

    public float NormEpsilon => normEpsilon;

    public void Read(Site site, Span<float> destination)
    {
        var weight = Find(site);
        if (weight is null || weight.Shape.Length != 2 || weight.Shape[0] != site.OutFeatures || weight.Shape[1] != site.InFeatures)
        {
            throw new ArgumentException($"The site '{site.Path}' has no weight matrix of [{site.OutFeatures}, {site.InFeatures}].", nameof(site));
        }

        Read(weight, site, destination);
    }

    public bool TryReadBias(Site site, Span<float> destination)
    {
        if (!_byName.TryGetValue(site.Path + ".bias", out var bias))
        {
            return false;
        }

        Read(bias, site, destination);
        return true;
    }

    private static void Read(WeightReference weight, Site site, Span<float> destination)
    {
        if (destination.Length != weight.Bytes / sizeof(float))
        {
            throw new ArgumentException($"BaseWeights of '{site.Path}': destination: expected {weight.Bytes / sizeof(float)} elements, got {destination.Length}.", nameof(destination));
        }

        using var file = File.OpenHandle(weight.Path);
        var bytes = MemoryMarshal.AsBytes(destination);
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(file, bytes[done..], weight.Offset + done);
            done += read > 0 ? read : throw new EndOfStreamException($"'{weight.Path}' was cut short after the import.");
        }
    }

    /// <summary>A head that is tied to the embedding has no weight of its own.</summary>
    private WeightReference? Find(Site site) =>
        _byName.GetValueOrDefault(site.Path + ".weight") ?? (site.Kind == SiteKind.Head ? _byName.GetValueOrDefault(LlamaTensors.Embedding) : null);
}

using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// Gives each initializer of a model its place: in the model folder's files, or in the one file that an import writes.
/// A pure function of configuration and file headers, so that a cached import needs no list of its own.
/// <b>Layout</b>: what is written begins at multiples of 64 bytes.
/// </summary>
internal sealed class WeightPlan
{
    public const string WrittenFile = "weights.bin";
    private const long Alignment = 64;
    private readonly ImmutableArray<(PlannedWeight Weight, long Offset)> _placed;

    public WeightPlan(IEnumerable<PlannedWeight> weights)
    {
        var placed = ImmutableArray.CreateBuilder<(PlannedWeight, long)>();
        var offsets = new Dictionary<PlannedWeight, long>(ReferenceEqualityComparer.Instance);
        foreach (var weight in weights)
        {
            offsets[weight] = weight.MappedPlace?.Offset ?? (weight.Viewed is { } viewed ? offsets[viewed] : WrittenBytes);
            placed.Add((weight, offsets[weight]));
            WrittenBytes += weight.Source is null ? 0 : (weight.Bytes + Alignment - 1) / Alignment * Alignment;
        }

        _placed = placed.ToImmutable();
    }

    /// <summary>Size of the written file.</summary>
    public long WrittenBytes { get; }

    public ImmutableArray<WeightReference> References(string importFolder)
    {
        var written = Path.Combine(importFolder, WrittenFile);
        return [.. _placed.Select(place => Reference(place.Weight, place.Offset, written))];
    }

    /// <summary>Writes the file front to back.</summary>
    public void Write(Stream stream, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var total = _placed.Count(place => place.Weight.Source is not null);
        var done = 0L;
        foreach (var (weight, offset) in _placed)
        {
            if (weight.Source is { } source)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new ImportProgress(ImportStage.Converting, done++, total));
                stream.Position = offset;
                source.Write(stream, cancellation);
            }
        }

        stream.SetLength(WrittenBytes);
        progress?.Report(new ImportProgress(ImportStage.Converting, done, total));
    }

    private static WeightReference Reference(PlannedWeight weight, long offset, string written) =>
        new(weight.Name, weight.Type, weight.Shape, weight.MappedPlace?.Path ?? written, offset);
}

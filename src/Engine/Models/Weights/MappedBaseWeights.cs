using System.Collections.Frozen;
using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>The weights of an imported model, read from the files that its session maps.</summary>
internal sealed class MappedBaseWeights(
    ImmutableArray<WeightReference> weights, DecoderModel model, IReadOnlyDictionary<string, BlockedWeight> blocked) : IBaseWeights
{
    private readonly FrozenDictionary<string, WeightReference> _byName = weights.ToFrozenDictionary(weight => weight.Name, StringComparer.Ordinal);
    private readonly FrozenSet<string> _transposed = model.LayerLinears.Where(linear => linear.IsTransposed).Select(linear => linear.Weight).ToFrozenSet();

    public float NormEpsilon => model.NormEpsilon;

    public NormKind NormKind => model.FinalNorm.Kind;

    public void Read(Site site, Span<float> destination)
    {
        RequireLength(site, (long)site.WeightRows * site.WeightColumns, destination);
        ReadRows(site, 0, destination);
    }

    public void ReadRows(Site site, int firstRow, Span<float> destination)
    {
        var rows = destination.Length / site.WeightColumns;
        RequireLength(site, (long)rows * site.WeightColumns, destination);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, site.WeightRows - rows);
        if (blocked.TryGetValue(NameOf(site), out var held))
        {
            BlockedWeightReader.Read(held, name => _byName[name], site.FirstRow + firstRow, destination);
            return;
        }

        var weight = Find(site);
        using var file = new WeightFile(weight);
        if (_transposed.Contains(weight.Name))
        {
            ReadColumns(file, weight, site.FirstRow + firstRow, rows, destination);
        }
        else
        {
            file.Read((long)(site.FirstRow + firstRow) * site.WeightColumns, destination);
        }
    }

    public bool TryReadBias(Site site, Span<float> destination)
    {
        if (!_byName.TryGetValue((site.Whole ?? site).Path + ".bias", out var bias))
        {
            return false;
        }

        RequireLength(site, site.OutFeatures, destination);
        using var file = new WeightFile(bias);
        file.Read(site.FirstRow, destination);
        return true;
    }

    private static void RequireLength(Site site, long expected, Span<float> destination)
    {
        if (destination.Length != expected)
        {
            throw new ArgumentException($"BaseWeights of '{site.Path}': destination: expected {expected} elements, got {destination.Length}.", nameof(destination));
        }
    }

    /// <summary>Of a weight held as [in, out]: the outputs [<paramref name="first"/>, first + <paramref name="count"/>), each as a row.</summary>
    private static void ReadColumns(WeightFile file, WeightReference weight, int first, int count, Span<float> destination)
    {
        var (inputs, outputs) = ((int)weight.Shape[0], weight.Shape[1]);
        var slice = new float[count];
        for (var input = 0; input < inputs; input++)
        {
            file.Read((input * outputs) + first, slice.AsSpan());
            for (var row = 0; row < count; row++)
            {
                destination[(row * inputs) + input] = slice[row];
            }
        }
    }

    private string NameOf(Site site) => site.Kind == SiteKind.Head ? model.HeadWeight : (site.Whole ?? site).Path + ".weight";

    private WeightReference Find(Site site)
    {
        var whole = site.Whole ?? site;
        return _byName.GetValueOrDefault(NameOf(site)) is { } weight
            && weight.Bytes == (long)whole.WeightRows * whole.WeightColumns * sizeof(float)
            ? weight
            : throw new ArgumentException($"The site '{site.Path}' has no weight of [{site.WeightRows}, {site.WeightColumns}].", nameof(site));
    }
}

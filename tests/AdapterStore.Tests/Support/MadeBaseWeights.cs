using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Weights of a base that exists in tests alone: a site's values follow from its index.</summary>
internal sealed class MadeBaseWeights(bool hasBias) : IBaseWeights
{
    public float NormEpsilon => 1e-3f;

    public NormKind NormKind { get; init; }

    public void Read(Site site, Span<float> destination) => Fill(site.Index, destination);

    public void ReadRows(Site site, int firstRow, Span<float> destination)
    {
        var all = new float[site.WeightRows * site.WeightColumns];
        Read(site, all);
        all.AsSpan(firstRow * site.WeightColumns, destination.Length).CopyTo(destination);
    }

    public bool TryReadBias(Site site, Span<float> destination)
    {
        if (hasBias)
        {
            Fill(site.Index + 100, destination);
        }

        return hasBias;
    }

    public static BaseModel Small(bool hasBias) => Of(Bases.Small, hasBias);

    public static BaseModel Of(BaseModel model, bool hasBias) =>
        new(model.Id, model.Fingerprint, model.Sites) { Layers = model.Layers, KvHeads = model.KvHeads, HeadSize = model.HeadSize, Weights = new MadeBaseWeights(hasBias) };

    private static void Fill(int seed, Span<float> values)
    {
        var random = new Random(seed);
        foreach (ref var value in values)
        {
            value = random.Next(-64, 65) / 64f;
        }
    }
}

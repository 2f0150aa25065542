using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Fusing;

/// <summary>
/// The base's linears in memory that may be written, by site. <b>Effects</b>: read from the base's files when it is made, one linear on each of so
/// many threads; takes the memory that ONNX Runtime would take for them. Whoever writes makes sure that no step runs.
/// </summary>
internal sealed class FusableBase : IDisposable
{
    private const int ElementsAtOnce = 1 << 20;
    private readonly ImmutableArray<Site> _sites;
    private readonly IBaseWeights _weights;
    private readonly FusableLinear?[] _linears;

    public FusableBase(BaseModel model, int threads)
    {
        (_sites, Threads) = (model.Sites, threads);
        _weights = model.Weights ?? throw new ArgumentException("The base's weights are not at hand.", nameof(model));
        _linears = new FusableLinear?[_sites.Length];
        var linears = _sites.Where(IsLinear).ToArray();
        try
        {
            ForEach(linears, site => Load(_linears[site.Index] = new FusableLinear(site.InFeatures, site.OutFeatures), site));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many work on a switch.</summary>
    public int Threads { get; }

    /// <summary>Whether its weight is one of these: linears of layers and the head; a part of a fused linear is a part of the whole's.</summary>
    public static bool IsLinear(Site site) => site is { Kind: SiteKind.Linear or SiteKind.Head, Whole: null };

    public Site SiteAt(int index) => _sites[index];

    /// <summary>The linear at a site, or of which a site is a part.</summary>
    public FusableLinear At(int site) =>
        _linears[(_sites[site].Whole ?? _sites[site]).Index]
        ?? throw new ArgumentException($"The site '{_sites[site].Path}' is no linear.", nameof(site));

    /// <summary>
    /// Writes a linear's weights anew from the base's files: the bits that were there at the start. <b>Errors</b>: <see cref="IOException"/> and its
    /// kin.
    /// </summary>
    public void Reload(int site) => Load(At(site), _sites[site].Whole ?? _sites[site]);

    /// <summary>Runs an action once for each item, on <see cref="Threads"/> threads. <b>Errors</b>: those of the actions.</summary>
    public void ForEach<T>(IReadOnlyCollection<T> items, Action<T> action)
    {
        try
        {
            Parallel.ForEach(items, new ParallelOptions { MaxDegreeOfParallelism = Threads }, action);
        }
        catch (AggregateException failures)
        {
            throw failures.InnerExceptions[0];
        }
    }

    public void Dispose() => Array.ForEach(_linears, linear => linear?.Dispose());

    private void Load(FusableLinear linear, Site site)
    {
        var panels = Math.Max(1, ElementsAtOnce / site.InFeatures / FusableLinear.RowsAtOnce);
        var buffer = new float[Math.Min(panels * FusableLinear.RowsAtOnce, site.OutFeatures) * site.InFeatures];
        for (var first = 0; first < site.OutFeatures; first += panels * FusableLinear.RowsAtOnce)
        {
            var rows = Math.Min(panels * FusableLinear.RowsAtOnce, site.OutFeatures - first);
            var read = buffer.AsSpan(0, rows * site.InFeatures);
            _weights.ReadRows(site, first, read);
            for (var row = 0; row < rows; row += FusableLinear.RowsAtOnce)
            {
                var count = Math.Min(FusableLinear.RowsAtOnce, rows - row);
                linear.Load(first + row, read.Slice(row * site.InFeatures, count * site.InFeatures));
            }
        }

        var bias = new float[site.OutFeatures];
        linear.LoadBias(_weights.TryReadBias(site, bias) ? bias : []);
    }
}

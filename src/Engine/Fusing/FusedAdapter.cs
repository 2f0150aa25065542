using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.CustomOps.Forms;

namespace AdapterServe.Engine.Fusing;

/// <summary>
/// An adapter's change of the base, prepared away from the engine's thread: what can be found out before is found out here. Its weights must live
/// until it is fused.
/// <b>Errors</b>: <see cref="NotFusableException"/> when it is made.
/// </summary>
internal sealed class FusedAdapter : IWeightChange
{
    private readonly FusableBase _fusable;
    private readonly LinearChange[] _changes;

    public FusedAdapter(AdapterWeights adapter, FusableBase fusable)
    {
        _fusable = fusable;
        FusableForms.Require(adapter, fusable);
        var parts = Enumerable.Range(0, adapter.Sites).Where(site => adapter.At(site).Length > 0)
            .Select(site => (Site: fusable.SiteAt(site), Forms: ImmutableArray.Create(adapter.At(site))))
            .GroupBy(part => (part.Site.Whole ?? part.Site).Index);
        _changes =
        [
            .. parts.Select(linear =>
                new LinearChange(fusable, fusable.SiteAt(linear.Key), [.. linear.OrderBy(part => part.Site.Whole is not null)])),
        ];
    }

    /// <summary>Linears that it changes.</summary>
    public int Linears => _changes.Length;

    public void Apply() => _fusable.ForEach(_changes, change =>
    {
        using var merge = new SiteMerge();
        change.Apply(merge);
    });

    public void Restore() => _fusable.ForEach(_changes, change => change.Restore());
}

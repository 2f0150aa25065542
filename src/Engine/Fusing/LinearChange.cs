using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Fusing;

/// <summary>
/// What one adapter does to one linear. Where it changes single weights only, these are kept and put back; else the linear is read from the base's
/// files again.
/// </summary>
internal sealed class LinearChange
{
    private static readonly SerialParallel s_serial = new();
    private readonly FusableBase _fusable;
    private readonly Site _site;
    private readonly ImmutableArray<(Site Site, ImmutableArray<FormWeights> Forms)> _parts;
    private readonly ImmutableArray<SparseMerge> _sparse;
    private bool _isAdded;

    /// <param name="fusable">The base.</param>
    /// <param name="site">The linear's.</param>
    /// <param name="parts">The forms at it, then those at its parts.</param>
    public LinearChange(FusableBase fusable, Site site, ImmutableArray<(Site Site, ImmutableArray<FormWeights> Forms)> parts)
    {
        (_fusable, _site, _parts) = (fusable, site, parts);
        _sparse = parts.All(part => part.Forms.All(form => form is SparseWeights))
            ? [.. parts.SelectMany(part => part.Forms.Select(form => Merge(part.Site, (SparseWeights)form)))]
            : [];

        SparseMerge Merge(Site part, SparseWeights form) => new(fusable.At(site.Index), form, part.FirstRow);
    }

    public void Apply(SiteMerge merge)
    {
        if (!_sparse.IsEmpty)
        {
            foreach (var sparse in _sparse)
            {
                sparse.Add(s_serial);
            }

            _isAdded = true;
            return;
        }

        var linear = _fusable.At(_site.Index);
        foreach (var (site, forms) in _parts)
        {
            merge.MergeOutput(linear, site, forms.Where(form => !FusableForms.IsOnInput(form)));
        }

        // Behind the others: they act on what the change of the input has left.
        merge.MergeInput(linear, [.. _parts.SelectMany(part => part.Forms).Where(FusableForms.IsOnInput)]);
    }

    public void Restore()
    {
        if (_sparse.IsEmpty)
        {
            _fusable.Reload(_site.Index);
            return;
        }

        for (var i = _sparse.Length - 1; _isAdded && i >= 0; i--)
        {
            _sparse[i].Restore(s_serial);
        }
    }
}

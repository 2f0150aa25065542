using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Fusing;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>
/// Writes the forms of an adapter at one linear into its weight and bias.
/// <b>Semantics</b>: afterwards W x + b is what the forms made of the base's W x + b. Low-rank and dense forms are written in place; every other form
/// of the output runs as it does in a step, on the columns of W as rows of y, beside the unit vectors as rows of x, and on b beside x = 0; forms of
/// the input run on the unit vectors, and W on what they made.
/// <b>Effects</b>: one linear at a time, on one thread; forms are checked by <see cref="FusableForms"/>.
/// </summary>
internal sealed unsafe class SiteMerge : IDisposable
{
    private const int ColumnsAtOnce = 64;
    private readonly Workspace _workspace = new();
    private readonly Workspace _x = new();
    private readonly Workspace _y = new();
    private readonly StepAdapterBatch _none = new(1, 1);
    private readonly SerialParallel _serial = new();
    private readonly SiteForms _forms;

    public SiteMerge() => _forms = new SiteForms(maxSegments: 1, _workspace, _none);

    /// <param name="linear">That of the site, or of which the site is a part.</param>
    /// <param name="site">The site.</param>
    /// <param name="forms">Those at the site that change the output, in order.</param>
    public void MergeOutput(FusableLinear linear, Site site, IEnumerable<FormWeights> forms)
    {
        foreach (var form in forms)
        {
            MergeWeight(linear, site, form);
            MergeBias(linear, site, form);
        }
    }

    /// <param name="linear">That of the site.</param>
    /// <param name="forms">Those at the site that change the input, in order.</param>
    public void MergeInput(FusableLinear linear, IReadOnlyCollection<FormWeights> forms)
    {
        if (forms.Count == 0)
        {
            return;
        }

        using var arena = new WeightArena();
        var changed = linear.BeginReplacing(arena);
        for (var first = 0; first < linear.InFeatures; first += ColumnsAtOnce)
        {
            var count = Math.Min(ColumnsAtOnce, linear.InFeatures - first);
            var operands = new SiteOperands { X = Units(first, count, linear.InFeatures) };
            foreach (var form in forms)
            {
                _forms.ApplyOne(form, count, operands, _serial);
            }

            InputMerge.Columns(linear, operands.X, first, count, changed, _serial);
        }

        linear.EndReplacing(changed);
    }

    public void Dispose()
    {
        _workspace.Dispose();
        _x.Dispose();
        _y.Dispose();
        _none.Dispose();
    }

    private void MergeWeight(FusableLinear linear, Site site, FormWeights form)
    {
        switch (form)
        {
            case { Form: FormKind.OutputBias }:
                break;
            case LowRankWeights { IsProduct: true } lowRank when site.Whole is null:
                LowRankMerge.Add(linear, lowRank, _workspace.Ensure(LowRankMerge.WorkspaceBytes(lowRank)), _serial);
                break;
            case DenseWeights dense when site.Whole is null:
                DenseMerge.Apply(linear, dense, _serial);
                break;
            default:
                MergeColumns(linear, site, form);
                break;
        }
    }

    private void MergeColumns(FusableLinear linear, Site site, FormWeights form)
    {
        var y = (float*)_y.Ensure((long)ColumnsAtOnce * site.OutFeatures * sizeof(float));
        for (var first = 0; first < linear.InFeatures; first += ColumnsAtOnce)
        {
            var count = Math.Min(ColumnsAtOnce, linear.InFeatures - first);
            linear.ReadColumns(first, count, site.FirstRow, site.OutFeatures, y);
            _forms.ApplyOne(form, count, new SiteOperands { X = Units(first, count, linear.InFeatures), Y = y }, _serial);
            linear.WriteColumns(first, count, site.FirstRow, site.OutFeatures, y);
        }
    }

    private void MergeBias(FusableLinear linear, Site site, FormWeights form)
    {
        if (!linear.HasBias && form.Form != FormKind.OutputBias)
        {
            return;
        }

        var y = (float*)_y.Ensure((long)site.OutFeatures * sizeof(float));
        var bias = new Span<float>(y, site.OutFeatures);
        linear.ReadBias(site.FirstRow, bias);
        var x = (float*)_x.Ensure((long)linear.InFeatures * sizeof(float));
        new Span<float>(x, linear.InFeatures).Clear();
        _forms.ApplyOne(form, 1, new SiteOperands { X = x, Y = y }, _serial);
        linear.WriteBias(site.FirstRow, bias);
    }

    /// <summary>The unit vectors e_first, e_(first + 1), …, each a row.</summary>
    private float* Units(int first, int count, int width)
    {
        var x = (float*)_x.Ensure((long)ColumnsAtOnce * width * sizeof(float));
        new Span<float>(x, count * width).Clear();
        for (var row = 0; row < count; row++)
        {
            x[((nint)row * width) + first + row] = 1;
        }

        return x;
    }
}

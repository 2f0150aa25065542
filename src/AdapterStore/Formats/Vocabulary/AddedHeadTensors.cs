using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Vocabulary;

/// <summary>
/// y = W x at the head of the added tokens: rows of a matrix, and in their place those that single tokens have of their own.
/// <b>Shapes</b>: Whole [added, in] or null where every token has a row of its own; Rows [ids, in] or null; Ids counted in the whole vocabulary, which has First others before.
/// </summary>
internal sealed record AddedHeadTensors(Site Site, int First, SafetensorsTensor? Whole, SafetensorsTensor? Rows, ImmutableArray<int> Ids) : ComputedTensors(Site, FormKind.Dense)
{
    public override IEnumerable<SafetensorsTensor> Tensors => new[] { Whole, Rows }.OfType<SafetensorsTensor>();

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var width = Site.InFeatures;
        var values = Whole is null ? new float[Site.OutFeatures * width] : source.Read(Whole);
        var rows = Rows is null ? [] : source.Read(Rows);
        for (var i = 0; i < Ids.Length; i++)
        {
            if (Ids[i] >= First)
            {
                rows.AsSpan(i * width, width).CopyTo(values.AsSpan((Ids[i] - First) * width));
            }
        }

        return DenseWeights.Pack(arena, width, Site.OutFeatures, values, DenseMode.Replace, LoweringSource.ExactType(values));
    }
}

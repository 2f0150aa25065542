using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>y = R[id] at the embedding for the ids that have a row. <b>Shapes</b>: R [ids, width].</summary>
internal sealed record ReplacedRowsTensors(Site Site, SafetensorsTensor Rows, ImmutableArray<int> Ids) : ComputedTensors(Site, FormKind.EmbeddingRows)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Rows];

    public override FormWeights Pack(LoweringSource source, WeightArena arena) => Rows.DType == SafetensorsType.BF16
        ? ReplacedRows.Pack(arena, Site.InFeatures, Site.OutFeatures, Ids.AsSpan(), source.ReadBF16(Rows))
        : ReplacedRows.Pack(arena, Site.InFeatures, Site.OutFeatures, Ids.AsSpan(), source.ReadF32(Rows));
}

/// <summary>y += Scale B A[:, id] at the embedding. <b>Shapes</b>: A [Rank, vocabulary], B [width, Rank].</summary>
internal sealed record LowRankRowsTensors(Site Site, SafetensorsTensor A, SafetensorsTensor B, int Rank, float Scale) : ComputedTensors(Site, FormKind.EmbeddingRows)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [A, B];

    public override int? InnerRank => Rank;

    public override FormWeights Pack(LoweringSource source, WeightArena arena) => A.DType == SafetensorsType.BF16 && B.DType == SafetensorsType.BF16
        ? LowRankRows.Pack(arena, Rank, Site.InFeatures, Site.OutFeatures, source.ReadBF16(A), source.ReadBF16(B), Scale)
        : LowRankRows.Pack(arena, Rank, Site.InFeatures, Site.OutFeatures, source.ReadF32(A), source.ReadF32(B), Scale);
}

/// <summary>
/// Rows of the head that the adapter has of its own: y[id] = r · x, as y += S x with S the difference from the base's rows, rounded once.
/// Ids beyond the head's outputs, those of added tokens, are passed over. <b>Shapes</b>: Rows [ids, width].
/// </summary>
internal sealed record HeadRowsTensors(Site Site, SafetensorsTensor Rows, ImmutableArray<int> Ids) : ComputedTensors(Site, FormKind.Sparse)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Rows];

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var width = Site.InFeatures;
        var own = source.Read(Rows);
        var original = new float[width];
        int[] known = [.. Enumerable.Range(0, Ids.Length).Where(i => Ids[i] < Site.OutFeatures)];
        var (values, rows, columns) = (new float[known.Length * width], new int[known.Length * width], new int[known.Length * width]);
        for (var i = 0; i < known.Length; i++)
        {
            source.BaseWeights.ReadRows(Site, Ids[known[i]], original);
            for (var column = 0; column < width; column++)
            {
                var at = (i * width) + column;
                (rows[at], columns[at]) = (Ids[known[i]], column);
                values[at] = (float)((double)own[(known[i] * width) + column] - original[column]);
            }
        }

        return SparseWeights.Pack(arena, width, Site.OutFeatures, rows, columns, LoweringSource.RequireFinite(Site, values), LoweringSource.ExactType(values));
    }
}

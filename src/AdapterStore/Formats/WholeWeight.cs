using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.Vocabulary;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>A whole weight of the adapter's own in place of the base's.</summary>
internal static class WholeWeight
{
    private const int ChunkElements = 1 << 20;

    /// <summary><b>Errors</b>: Unservable <c>vocabulary</c> for another number of tokens, <c>shape_mismatch</c>.</summary>
    public static SiteTensors Replace(Site site, SafetensorsTensor weight)
    {
        RequireShape(site, weight);
        return site.Kind switch
        {
            SiteKind.Norm => new NormTensors(site, weight),
            SiteKind.Embedding => new ReplacedRowsTensors(site, weight, [.. Enumerable.Range(0, site.InFeatures)]),
            _ => new DenseTensors(site, weight, DenseMode.Replace),
        };
    }

    /// <summary>
    /// Whether every value is the base's: PEFT saves such copies beside a LoRA of an embedding or head. False where the base's weights are not at hand, or have fewer rows
    /// than the adapter's vocabulary.
    /// </summary>
    public static bool EqualsBase(ITensorSource file, SafetensorsTensor weight, Site site, BaseModel baseModel)
    {
        RequireShape(site, weight);
        if (baseModel.Weights is not { } weights || weight.Bytes > int.MaxValue || IsWidened(site, baseModel))
        {
            return false;
        }

        var rows = Math.Clamp(ChunkElements / site.WeightColumns, 1, site.WeightRows);
        var rowBytes = site.WeightColumns * SafetensorsTypes.Bytes(weight.DType);
        var (own, original) = (new float[rows * site.WeightColumns], new float[rows * site.WeightColumns]);
        var bytes = file.Bytes(weight);
        for (var row = 0; row < site.WeightRows; row += rows)
        {
            var count = Math.Min(rows, site.WeightRows - row);
            var a = own.AsSpan(0, count * site.WeightColumns);
            var b = original.AsSpan(0, count * site.WeightColumns);
            FloatConversion.ToF32(weight.DType, bytes.Slice(row * rowBytes, count * rowBytes), a);
            weights.ReadRows(site, row, b);
            if (!a.SequenceEqual(b))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the base itself has fewer rows there than an adapter that adds tokens.</summary>
    public static bool IsWidened(Site site, BaseModel baseModel) => baseModel.AddedTokens > 0 && site.Kind is SiteKind.Embedding or SiteKind.Head;

    private static void RequireShape(Site site, SafetensorsTensor weight)
    {
        if (weight.HasShape(site.WeightRows, site.WeightColumns) || (site.Kind == SiteKind.Norm && weight.HasShape(site.WeightColumns)))
        {
            return;
        }

        var name = AdapterNames.Shorten(weight.Name);
        throw site.Kind is SiteKind.Embedding or SiteKind.Head && weight.Shape.Length == 2 && weight.Shape[0] != site.WeightRows && weight.Shape[1] == site.WeightColumns
            ? AddedTokens.Wrong(weight.Shape[0] > site.WeightRows
                ? $"The tensor '{name}' has {weight.Shape[0]} rows, the base's vocabulary {site.WeightRows}; adapters that add tokens are served as a LoRA of PEFT."
                : $"The tensor '{name}' has {weight.Shape[0]} rows, fewer than the base's vocabulary of {site.WeightRows}; resize_token_embeddings must not shrink it.")
            : StoreErrors.Unservable(
                "shape_mismatch", $"The tensor '{name}' has shape [{string.Join(", ", weight.Shape)}]; on this base it must be [{site.WeightRows}, {site.WeightColumns}].");
    }
}

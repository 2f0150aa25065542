using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>
/// Operators over matrices that are held in blocks: ONNX Runtime's, and our own product over those in tiles.
/// <b>Units, dtype</b>: products round x to 8 bits, a scale for each block (<c>accuracy_level</c> 4), and accumulate in 32 bits; all else is slower than f32.
/// </summary>
internal sealed class BlockedProducts(OnnxGraphBuilder builder, IReadOnlyDictionary<string, BlockedWeight> weights)
{
    private const int IntegerProducts = 4;

    /// <summary>y = x Wᵀ + b; null for a weight that is f32.</summary>
    public string? TryAddProduct(string node, string input, string weight, string? bias)
    {
        if (!weights.TryGetValue(weight, out var held))
        {
            return null;
        }

        var ordered = held.Order is null ? input : builder.AddNode(node + ".ordered", "Gather", [input, held.InputOrder], [("axis", 1)]);
        if (held.IsTiled)
        {
            return AddTiledProduct(node, ordered, held, bias);
        }

        var zeroPoints = held.HasZeroPoints ? held.ZeroPoints : "";
        string[] inputs = [ordered, held.Codes, held.Scales, zeroPoints, "", bias ?? ""];
        return builder.AddNode(
            node,
            "MatMulNBits",
            inputs.AsSpan(0, Array.FindLastIndex(inputs, name => name.Length > 0) + 1),
            [
                ("K", held.Columns), ("N", held.Rows), ("bits", held.Format.Bits), ("block_size", held.Format.BlockSize),
                ("accuracy_level", IntegerProducts),
            ],
            GraphNames.ContribDomain);
    }

    /// <summary>Rows of an embedding by id; null for one that is f32.</summary>
    public string? TryAddGather(string node, string weight, string ids)
    {
        if (!weights.TryGetValue(weight, out var held))
        {
            return null;
        }

        var padded = held.Format.Blocks(held.Columns) * held.Format.BlockSize != held.Columns;
        var rows = builder.AddNode(
            padded ? node + ".padded" : node,
            "GatherBlockQuantized",
            held.HasZeroPoints ? [held.CodeRows, ids, held.Scales, held.ZeroPoints] : [held.CodeRows, ids, held.Scales],
            [("gather_axis", 0), ("quantize_axis", 1), ("bits", held.Format.Bits), ("block_size", held.Format.BlockSize)],
            GraphNames.ContribDomain);
        return padded ? AddFirstColumns(node, rows, held.Columns) : rows;
    }

    private string AddTiledProduct(string node, string input, BlockedWeight held, string? bias) => builder.AddNode(
        node,
        GraphNames.BlockQuantizedProduct,
        bias is null ? [input, held.Tiles] : [input, held.Tiles, bias],
        [
            ("K", held.Columns), ("N", held.Rows), ("bits", held.Format.Bits), ("block_size", held.Format.BlockSize),
            ("zero_points", held.HasZeroPoints ? 1 : 0),
        ],
        GraphNames.OpDomain);

    private string AddFirstColumns(string node, string rows, long count)
    {
        var (first, end, axis) = (builder.AddConstant(node + ".first", [0L]), builder.AddConstant(node + ".end", [count]), builder.AddConstant(node + ".axis", [1L]));
        return builder.AddNode(node, "Slice", [rows, first, end, axis]);
    }
}

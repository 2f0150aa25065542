using System.Collections.Immutable;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// The weight of a MatMulNBits node, as it is stored: rows of packed blocks, scales, perhaps zero points and the groups of the columns.
/// </summary>
/// <param name="Width">Columns of W.</param>
/// <param name="Format">Bits, block size and accuracy level, which its parts share.</param>
/// <param name="Packed">Rows of uint8 [out, blocks, bytes of a block].</param>
/// <param name="Scales">Rows of f32 [out, blocks].</param>
/// <param name="ZeroPoints">Rows of packed uint8 or of f32; empty for the middle of the range.</param>
/// <param name="Groups">int32 [in]: the scale of each column; null for consecutive blocks.</param>
internal sealed record BlockLinear(
    int Width,
    BlockFormat Format,
    ImmutableArray<TensorRows> Packed,
    ImmutableArray<TensorRows> Scales,
    ImmutableArray<TensorRows> ZeroPoints,
    OnnxTensor? Groups)
    : LinearWeights
{
    public override int In => Width;

    public override int Out => (int)Packed.Sum(part => part.Count);

    public override LinearWeights Rows(int first, int count)
    {
        return this with { Packed = Some(Packed), Scales = Some(Scales), ZeroPoints = Some(ZeroPoints) };

        ImmutableArray<TensorRows> Some(ImmutableArray<TensorRows> rows) =>
            rows.IsEmpty ? rows : [rows.Single() with { First = first, Count = count }];
    }

    public override LinearWeights? Join(LinearWeights next) =>
        next is BlockLinear other && other.Width == Width && other.Format == Format && Groups is null && other.Groups is null
            && ZeroPoints.FirstOrDefault()?.Tensor.Type == other.ZeroPoints.FirstOrDefault()?.Tensor.Type
            ? this with
            {
                Packed = Packed.AddRange(other.Packed),
                Scales = Scales.AddRange(other.Scales),
                ZeroPoints = ZeroPoints.AddRange(other.ZeroPoints),
            }
            : null;

    public override IEnumerable<PlannedWeight> Plan(string path)
    {
        yield return TensorRows.Plan(BlockNames.Codes(path), Packed, [Out, .. Packed[0].Tensor.Shape[1..]]);
        yield return TensorRows.Plan(BlockNames.Scales(path), Scales, [Out, .. Scales[0].Tensor.Shape[1..]]);
        if (!ZeroPoints.IsEmpty)
        {
            yield return TensorRows.Plan(BlockNames.ZeroPoints(path), ZeroPoints, [Out, .. ZeroPoints[0].Tensor.Shape[1..]]);
        }

        if (Groups is not null)
        {
            yield return TensorRows.Plan(BlockNames.Groups(path), [TensorRows.All(Groups)], Groups.Shape);
        }
    }

    public override string AddProduct(OnnxGraphBuilder builder, string path, string input)
    {
        string[] optional = [ZeroPoints.IsEmpty ? "" : BlockNames.ZeroPoints(path), Groups is null ? "" : BlockNames.Groups(path)];
        return builder.AddNode(
            path,
            "MatMulNBits",
            [input, BlockNames.Codes(path), BlockNames.Scales(path), .. optional],
            [("K", In), ("N", Out), ("bits", Format.Bits), ("block_size", Format.BlockSize), ("accuracy_level", Format.AccuracyLevel)],
            GraphNames.ContribDomain);
    }
}

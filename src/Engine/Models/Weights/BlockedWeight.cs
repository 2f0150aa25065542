using System.Collections.Immutable;
using AdapterServe.Kernels.Weights;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// A matrix [rows, columns] that the graph holds in blocks of integers, and its initializers in place of the one of its name.
/// <b>Layout</b>: see <see cref="BlockFormat"/>.
/// </summary>
/// <param name="Name">What the initializer would be called if it were f32.</param>
/// <param name="Rows">Outputs, or ids of an embedding.</param>
/// <param name="Columns">Inputs.</param>
/// <param name="Format">Bits and block size.</param>
internal sealed record BlockedWeight(string Name, int Rows, int Columns, BlockFormat Format)
{
    public bool HasZeroPoints { get; init; }

    /// <summary>Which input stands at each place of a row; null where they stand in order.</summary>
    public ImmutableArray<int>? Order { get; init; }

    /// <summary>Whether it lies in the tiles of our own product rather than in rows.</summary>
    public bool IsTiled { get; init; }

    /// <summary>The layout of its tiles, if it lies in tiles.</summary>
    public BlockProductLayout Layout => new(Format, Columns, Rows, HasZeroPoints);

    /// <summary>Whether the graph multiplies by it.</summary>
    public bool IsMultiplied { get; init; } = true;

    /// <summary>Whether the graph takes rows of it.</summary>
    public bool IsGathered { get; init; }

    /// <summary>u8 [rows, blocks, bytes of a block]: what products read.</summary>
    public string Codes => Name + ".codes";

    /// <summary>The same bytes as u8 [rows, bytes of a row]: what gathers read.</summary>
    public string CodeRows => Name + ".code_rows";

    /// <summary>An initializer with the codes that the graph has.</summary>
    public string StoredCodes => IsMultiplied ? Codes : CodeRows;

    /// <summary>u8 [tiles, bytes of a tile]: codes, scales and zero points.</summary>
    public string Tiles => Name + ".tiles";

    /// <summary>f32 [rows, blocks].</summary>
    public string Scales => Name + ".scales";

    /// <summary>u8 [rows, bytes of a row's zero points].</summary>
    public string ZeroPoints => Name + ".zero_points";

    /// <summary>i32 [columns].</summary>
    public string InputOrder => Name + ".input_order";

    /// <summary>The initializers, each written by its source. The codes lie in the import once, even where the graph has them in both shapes.</summary>
    /// <param name="codes">Writes <see cref="StoredCodes"/>.</param>
    /// <param name="scales">Writes <see cref="Scales"/>, after the codes.</param>
    /// <param name="zeroPoints">Writes <see cref="ZeroPoints"/>, if there are any.</param>
    public IEnumerable<PlannedWeight> Plan(IWeightSource codes, IWeightSource scales, IWeightSource? zeroPoints = null)
    {
        if (Order is { } order)
        {
            yield return PlannedWeight.Written(InputOrder, ElementType.Int32, [Columns], new ConstantWeight(order));
        }

        if (IsTiled)
        {
            yield return PlannedWeight.Written(Tiles, ElementType.UInt8, [Layout.Tiles, Layout.TileBytes], new BlockProductSource(Layout, codes, scales, zeroPoints));
            yield break;
        }

        long blocks = Format.Blocks(Columns);
        ImmutableArray<long> rowShape = [Rows, blocks * Format.BlockBytes];
        var written = PlannedWeight.Written(StoredCodes, ElementType.UInt8, IsMultiplied ? [Rows, blocks, Format.BlockBytes] : rowShape, codes);
        yield return written;
        if (IsMultiplied && IsGathered)
        {
            yield return PlannedWeight.View(CodeRows, rowShape, written);
        }

        yield return PlannedWeight.Written(Scales, ElementType.Float32, [Rows, blocks], scales);
        if (zeroPoints is not null)
        {
            yield return PlannedWeight.Written(ZeroPoints, ElementType.UInt8, [Rows, Format.ZeroBytes(Columns)], zeroPoints);
        }
    }
}

using System.Collections.Immutable;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The factors of x = R x, in the order in which they apply.
/// <b>Layout</b>: each factor's blocks one after another, each [b / 64 panels][b][64 lanes] by input and output, outputs zero-padded to sixteen, one block where all
/// are the same. Small blocks whose size divides sixteen are joined to blocks of sixteen, so that they fill the lanes.
/// </summary>
public sealed unsafe class InputRotationWeights : FormWeights
{
    private readonly PackedRotation[] _factors;

    private InputRotationWeights(int inFeatures, int outFeatures, PackedRotation[] factors, long bytes)
        : base(FormKind.InputRotation, inFeatures, outFeatures, bytes)
    {
        _factors = factors;
        LargestBlock = factors.Max(factor => factor.BlockSize);
    }

    /// <summary>Inputs of the largest block, as it is held.</summary>
    public int LargestBlock { get; }

    internal ReadOnlySpan<PackedRotation> Factors => _factors;

    /// <summary><b>Errors</b>: <see cref="ArgumentException"/> for a factor that does not fit the width.</summary>
    public static InputRotationWeights Pack(WeightArena arena, int inFeatures, int outFeatures, ImmutableArray<RotationFactor> factors)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfZero(factors.Length);
        foreach (var factor in factors)
        {
            RequireFit(factor, inFeatures);
        }

        var before = arena.Bytes;
        PackedRotation[] packed = [.. factors.Select(factor => PackedRotation.Of(arena, inFeatures, factor))];
        return new InputRotationWeights(inFeatures, outFeatures, packed, arena.Bytes - before);
    }

    private static void RequireFit(RotationFactor factor, int width)
    {
        var size = factor.BlockSize;
        Shape.RequireRange("InputRotation", "block size", 1, width + 1L, size);
        Shape.Require("InputRotation", "rest of the width", 0, width % size);
        var elements = factor.Blocks.Length == (long)size * size ? (long)size * size : (long)width * size;
        Shape.Require("InputRotation", "blocks", elements, factor.Blocks.Length);
        Shape.Require("InputRotation", "order", factor.Order.IsEmpty ? 0 : width, factor.Order.Length);
        var seen = new bool[width];
        foreach (var place in factor.Order.Span)
        {
            Shape.RequireRange("InputRotation", "order", 0, width, place);
            Shape.Require("InputRotation", "times that the order names a place", 1, seen[place] ? 2 : 1);
            seen[place] = true;
        }
    }
}

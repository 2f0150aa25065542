namespace AdapterServe.Kernels.Weights;

/// <summary>
/// y += scale * B A[:, id].
/// <b>Shapes</b>: A [R, V], B [H, R], any R, V, H &gt;= 1. <b>Layout</b>: Aᵀ [V][R], so that a token reads one row; Bᵀ [R][H], rows padded to sixteen; f32 or bf16.
/// </summary>
public sealed unsafe class LowRankRows : EmbeddingRowsWeights
{
    private LowRankRows(int vocabulary, int width, long bytes, EmbeddingTable table)
        : base(vocabulary, width, bytes, table)
    {
    }

    public int Rank => Table.Rank;

    public float Scale => Table.Scale;

    public WeightType Type => Table.Type;

    public static LowRankRows Pack(WeightArena arena, int rank, int vocabulary, int width, ReadOnlySpan<float> a, ReadOnlySpan<float> b, float scale) =>
        Pack(arena, rank, vocabulary, width, a, b, scale, WeightType.F32);

    /// <summary>The same for bf16 factors, held as they are.</summary>
    public static LowRankRows Pack(WeightArena arena, int rank, int vocabulary, int width, ReadOnlySpan<ushort> a, ReadOnlySpan<ushort> b, float scale) =>
        Pack(arena, rank, vocabulary, width, a, b, scale, WeightType.BF16);

    private static LowRankRows Pack<T>(
        WeightArena arena, int rank, int vocabulary, int width, ReadOnlySpan<T> a, ReadOnlySpan<T> b, float scale, WeightType type)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Shape.Require("EmbeddingRows", "A", (long)rank * vocabulary, a.Length);
        Shape.Require("EmbeddingRows", "B", (long)width * rank, b.Length);
        var padded = Packing.RoundUp(width);
        var (aBytes, bBytes) = ((((long)vocabulary * rank) + Packing.Lanes) * sizeof(T), (long)rank * padded * sizeof(T));
        var table = new EmbeddingTable
        {
            Kind = EmbeddingTableKind.LowRank, Type = type, Rank = rank, Scale = scale, Values = arena.Allocate(aBytes), B = arena.Allocate(bBytes),
        };
        Turn(a, rank, vocabulary, (T*)table.Values, rank);
        Turn(b, width, rank, (T*)table.B, padded);
        return new LowRankRows(vocabulary, width, aBytes + bBytes, table);
    }

    public override LowRankRows Scaled(float factor) => new(InFeatures, OutFeatures, bytes: 0, Table with { Scale = Scale * factor });

    /// <summary>[rows, columns] to [columns][stride].</summary>
    private static void Turn<T>(ReadOnlySpan<T> source, int rows, int columns, T* target, nint stride)
        where T : unmanaged
    {
        for (var row = 0; row < rows; row++)
        {
            var from = source.Slice(row * columns, columns);
            for (var column = 0; column < columns; column++)
            {
                target[(column * stride) + row] = from[column];
            }
        }
    }
}

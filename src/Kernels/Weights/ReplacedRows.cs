namespace AdapterServe.Kernels.Weights;

/// <summary>
/// y = R[id] for ids that have a row, and y as it was for others.
/// <b>Shapes</b>: R [n, H], n ids, none twice. <b>Layout</b>: rows in the order of ascending ids, f32 or bf16; the ids (i32) before them unless every id has a row.
/// </summary>
public sealed unsafe class ReplacedRows : EmbeddingRowsWeights
{
    private ReplacedRows(int vocabulary, int width, long bytes, EmbeddingTable table)
        : base(vocabulary, width, bytes, table)
    {
    }

    public int Count => Table.Count;

    public override bool Replaces => true;

    public WeightType Type => Table.Type;

    /// <summary>
    /// Packs rows given with their ids in any order.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for an id that is out of range or there twice, and for another length.
    /// </summary>
    public static ReplacedRows Pack(WeightArena arena, int vocabulary, int width, ReadOnlySpan<int> ids, ReadOnlySpan<float> rows) =>
        Pack(arena, vocabulary, width, ids, rows, WeightType.F32);

    /// <summary>The same for bf16 rows, held as they are.</summary>
    public static ReplacedRows Pack(WeightArena arena, int vocabulary, int width, ReadOnlySpan<int> ids, ReadOnlySpan<ushort> rows) =>
        Pack(arena, vocabulary, width, ids, rows, WeightType.BF16);

    private static ReplacedRows Pack<T>(WeightArena arena, int vocabulary, int width, ReadOnlySpan<int> ids, ReadOnlySpan<T> rows, WeightType type)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Shape.Require("EmbeddingRows", "rows", (long)ids.Length * width, rows.Length);
        var order = Ascending(ids, vocabulary);
        var isWhole = ids.Length == vocabulary;
        var (idBytes, rowBytes) = (isWhole ? 0 : ids.Length * (long)sizeof(int), rows.Length * (long)sizeof(T));
        var table = new EmbeddingTable
        {
            Kind = EmbeddingTableKind.Replaced, Type = type, Count = ids.Length, Ids = isWhole ? null : (int*)arena.Allocate(idBytes), Values = arena.Allocate(rowBytes),
        };
        for (var i = 0; i < order.Length; i++)
        {
            rows.Slice(order[i] * width, width).CopyTo(new Span<T>((T*)table.Values + ((nint)i * width), width));
            if (!isWhole)
            {
                table.Ids[i] = ids[order[i]];
            }
        }

        return new ReplacedRows(vocabulary, width, idBytes + rowBytes, table);
    }

    private static int[] Ascending(ReadOnlySpan<int> ids, int vocabulary)
    {
        var sorted = ids.ToArray();
        var order = new int[ids.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(sorted, order);
        for (var i = 0; i < sorted.Length; i++)
        {
            Shape.RequireRange("EmbeddingRows", "token id", i == 0 ? 0 : sorted[i - 1] + 1L, vocabulary, sorted[i]);
        }

        return order;
    }
}

using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class EmbeddingRowsTests
{
    private const int Vocabulary = 37;

    public enum Kind
    {
        Replaced,
        Whole,
        LowRank,
        Sparse,
    }

    public static TheoryData<Kind, WeightType> Kinds => [.. from kind in Enum.GetValues<Kind>() from type in new[] { WeightType.F32, WeightType.BF16 } select (kind, type)];

    public static TheoryData<WeightType, int> Ranks => [.. from type in new[] { WeightType.F32, WeightType.BF16 } from rank in new[] { 1, 3, 8, 16, 17, 64, 256 } select (type, rank)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_width_equals_the_reference_and_other_rows_keep_their_bits(Kind kind, WeightType type)
    {
        foreach (var width in Lengths.All)
        {
            Check(kind, type, width, rank: 5);
        }
    }

    [Theory]
    [MemberData(nameof(Ranks))]
    public void Every_rank_equals_the_reference(WeightType type, int rank) => Check(Kind.LowRank, type, 83, rank);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Threads_and_neighbours_change_no_bit(Kind kind, WeightType type)
    {
        const int width = 700, rows = 400;
        var (ids, y) = (Ids(rows), RandomData.Floats(2, rows * width));
        var table = new Table(kind, type, width, rank: 40);
        var parallel = new ThreadParallel(3);
        var expected = Run(table, ids, y, width, [(0, 250), (251, rows)], new SerialParallel());
        Assert.Equal(expected, Run(table, ids, y, width, [(251, rows), (0, 100), (100, 250)], parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 99, 249, 250, 251, 399 })
        {
            var span = (row * width)..((row + 1) * width);
            var alone = row == 250 ? y[span] : Run(table, [ids[row]], y[span], width, [(0, 1)], new SerialParallel());
            Assert.Equal(alone, expected[span]);
        }
    }

    [Theory]
    [InlineData("identical")]
    [InlineData("distinct")]
    [InlineData("uniform")]
    [InlineData("zipf")]
    [InlineData("with-none")]
    public void Adapters_of_every_kind_in_one_batch_equal_each_alone(string popularity)
    {
        const int width = 40;
        var wanted = Popularity.Rows(popularity, 50);
        var (ids, y) = (Ids(50), RandomData.Floats(2, 50 * width));
        using var arena = new WeightArena();
        var adapters = Popularity.Ranks.Select((rank, i) => new Table((Kind)(i % 4), i % 3 == 0 ? WeightType.BF16 : WeightType.F32, width, rank).Pack(arena)).ToArray();
        var segments = Enumerable.Range(0, 50).Where(row => wanted[row] >= 0).Select(row => new EmbeddingSegment(row, row + 1, adapters[wanted[row]])).ToArray();

        var actual = Run(segments, ids, y, width, new SerialParallel());

        for (var row = 0; row < 50; row++)
        {
            var span = (row * width)..((row + 1) * width);
            EmbeddingSegment[] alone = wanted[row] < 0 ? [] : [new EmbeddingSegment(0, 1, adapters[wanted[row]])];
            Assert.Equal(Run(alone, [ids[row]], y[span], width, new SerialParallel()), actual[span]);
        }
    }

    [Theory]
    [InlineData(new[] { 3, 3 })]
    [InlineData(new[] { -1, 3 })]
    [InlineData(new[] { 3, Vocabulary })]
    public void An_id_out_of_range_or_twice_is_refused(int[] ids)
    {
        using var arena = new WeightArena();
        Assert.Throws<ArgumentException>(() => ReplacedRows.Pack(arena, Vocabulary, 2, ids, new float[4]));
    }

    [Fact]
    public void Weights_of_another_width_are_refused_with_both_widths_named()
    {
        using var arena = new WeightArena();
        var weights = ReplacedRows.Pack(arena, Vocabulary, 3, [1], new float[3]);
        var workspace = stackalloc byte[(int)EmbeddingRows.WorkspaceBytes(1)];
        var error = Assert.Throws<ArgumentException>(() => EmbeddingRows.Apply(null, null, 4, [new EmbeddingSegment(0, 1, weights)], workspace, new SerialParallel()));
        Assert.Equal("EmbeddingRows: width of the weights must be 4, got 3.", error.Message);
    }

    private static long[] Ids(int rows)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64(Vocabulary))];
    }

    private static void Check(Kind kind, WeightType type, int width, int rank)
    {
        const int rows = 21;
        var (ids, y) = (Ids(rows), RandomData.Floats(2, rows * width));
        var table = new Table(kind, type, width, rank);
        (int Start, int End)[] segments = [(0, 2), (3, 3), (4, 21)];
        var actual = Run(table, ids, y, width, segments, new SerialParallel());
        var (expected, magnitude) = (Array.ConvertAll(y, value => (double)value), Array.ConvertAll(y, value => (double)Math.Abs(value)));
        foreach (var (start, end) in segments)
        {
            table.Reference(ids, expected, start, end, value => value);
            table.Reference(ids, magnitude, start, end, Math.Abs);
        }

        for (var i = 0; i < actual.Length; i++)
        {
            var tolerance = i / width is 2 or 3 || kind is Kind.Replaced or Kind.Whole ? 0 : Tolerances.EmbeddingRows(table.Terms, magnitude[i]);
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"{kind}, width {width}, at {i}: expected {expected[i]}, got {actual[i]}");
        }
    }

    private static float[] Run(Table table, long[] ids, float[] y, int width, (int Start, int End)[] rows, IParallel parallel)
    {
        using var arena = new WeightArena();
        var weights = table.Pack(arena);
        return Run(Array.ConvertAll(rows, r => new EmbeddingSegment(r.Start, r.End, weights)), ids, y, width, parallel);
    }

    private static float[] Run(EmbeddingSegment[] segments, long[] ids, float[] y, int width, IParallel parallel)
    {
        using var tokens = new GuardedBuffer<long>(ids);
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(EmbeddingRows.WorkspaceBytes(segments.Length));
        EmbeddingRows.Apply(tokens.Pointer, output.Pointer, width, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }

    /// <summary>Weights of one kind in plain arrays, their values exact in bf16.</summary>
    private sealed class Table
    {
        private const float Scale = 0.75f;
        private readonly Kind _kind;
        private readonly WeightType _type;
        private readonly int _width;
        private readonly int _rank;
        private readonly int[] _ids;
        private readonly int[] _columns;
        private readonly float[] _values;
        private readonly float[] _b;

        public Table(Kind kind, WeightType type, int width, int rank)
        {
            (_kind, _type, _width, _rank) = (kind, type, width, rank);
            var random = new Random(11);
            _ids = kind switch
            {
                Kind.Replaced => [31, 0, 17, 5, 36, 9, 11],
                Kind.Whole => [.. Enumerable.Range(0, Vocabulary).Reverse()],
                _ => [.. Enumerable.Range(0, 4 * width).Select(_ => random.Next(Vocabulary))],
            };
            _columns = [.. _ids.Select(_ => random.Next(width))];
            _values = Exact(7, kind switch { Kind.LowRank => rank * Vocabulary, Kind.Sparse => _ids.Length, _ => _ids.Length * width });
            _b = Exact(8, rank * width);
        }

        public int Terms => _kind == Kind.LowRank ? _rank : _ids.Length;

        public EmbeddingRowsWeights Pack(WeightArena arena) => (_kind, _type) switch
        {
            (Kind.LowRank, WeightType.F32) => LowRankRows.Pack(arena, _rank, Vocabulary, _width, _values, _b, Scale),
            (Kind.LowRank, _) => LowRankRows.Pack(arena, _rank, Vocabulary, _width, RandomData.ToBF16(_values), RandomData.ToBF16(_b), Scale),
            (Kind.Sparse, _) => SparseRows.Pack(arena, Vocabulary, _width, _ids, _columns, _values, _type),
            (_, WeightType.F32) => ReplacedRows.Pack(arena, Vocabulary, _width, _ids, _values),
            _ => ReplacedRows.Pack(arena, Vocabulary, _width, _ids, RandomData.ToBF16(_values)),
        };

        public void Reference(long[] tokens, double[] y, int start, int end, Converter<float, float> change)
        {
            var (values, b) = (Array.ConvertAll(_values, change), Array.ConvertAll(_b, change));
            switch (_kind)
            {
                case Kind.LowRank:
                    Kernels.Reference.EmbeddingRows.AddLowRank(tokens, y, _width, start, end, Vocabulary, values, b, _rank, Scale);
                    break;
                case Kind.Sparse:
                    Kernels.Reference.EmbeddingRows.AddSparse(tokens, y, _width, start, end, _ids, _columns, values);
                    break;
                default:
                    Kernels.Reference.EmbeddingRows.Replace(tokens, y, _width, start, end, _ids, values);
                    break;
            }
        }

        private static float[] Exact(int seed, int length) => RandomData.FromBF16(RandomData.ToBF16(RandomData.Floats(seed, length)));
    }
}

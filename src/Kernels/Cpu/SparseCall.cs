using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="SparseCall"/> see it.</summary>
internal unsafe struct SparseWork
{
    public int RowStart;
    public int Rows;
    public SlicedRows Elements;
    public float Scale;

    /// <summary>The segment's rows of x in tiles [H][<see cref="Lanes"/> rows], or null where each row is taken alone.</summary>
    public float* Tiled;

    /// <summary>Rows that a tile has room for.</summary>
    public int Lanes;

    /// <summary>Pairs of tiles, or rows where each is taken alone.</summary>
    public int Pieces;
    public int Tiles;
    public int FirstTile;
    public long UnitCost;
    public long Start;
}

/// <summary>
/// One call of <see cref="Sparse.Add"/>. A unit is a stored element for a pair of tiles of rows; a task owns the windows whose first element is
/// among its units.
/// </summary>
internal unsafe struct SparseCall(float* x, int inFeatures, float* y, int outFeatures, SparseWork* works) : ISimdCall
{
    public const int TileRows = 16;

    private const int FewestTiledRows = 2;

    /// <summary>Rows for which an element is decoded once.</summary>
    private const int PairRows = 2 * TileRows;

    private readonly float* _x = x;
    private readonly float* _y = y;
    private readonly SparseWork* _works = works;
    private int _segments;
    private int _tiles;
    private long _total;
    private int _tasks;

    public void Plan(ReadOnlySpan<SparseSegment> segments)
    {
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange("Sparse", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("Sparse", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("Sparse", "in features of the weights", inFeatures, segment.Weights.InFeatures);
            Shape.Require("Sparse", "out features of the weights", outFeatures, segment.Weights.OutFeatures);
            if (rows > 0 && segment.Weights.Count > 0)
            {
                Plan(segment, rows, ref _works[_segments++]);
            }
        }

        var tiled = (float*)(((nint)(_works + _segments) + 63) & ~63);
        for (var i = 0; i < _segments; i++)
        {
            ref var work = ref _works[i];
            if (work.Tiles > 0)
            {
                work.Tiled = tiled;
                tiled += (nint)work.Tiles * work.Lanes * inFeatures;
            }
        }
    }

    /// <summary>Rows of x that the tiles of so many rows in so many segments have room for, at most.</summary>
    public static int MostTiledRows(int rows, int segments) => Math.Min(2 * rows, rows + ((TileRows - 1) * segments));

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (SparseCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            if (_tasks == 1)
            {
                for (var tile = 0; tile < _tiles; tile++)
                {
                    TurnTask<TLanes>(state, tile);
                }

                Task<TLanes>(state, 0);
            }
            else
            {
                if (_tiles > 0)
                {
                    parallel.For(_tiles, &TurnTask<TLanes>, state);
                }

                parallel.For(_tasks, &Task<TLanes>, state);
            }
        }
    }

    private static int LanesOf(int rows) => rows switch
    {
        < FewestTiledRows => 1,
        <= 4 => 4,
        <= 8 => 8,
        _ => TileRows,
    };

    private void Plan(in SparseSegment segment, int rows, ref SparseWork work)
    {
        var weights = segment.Weights;
        var lanes = LanesOf(rows);
        var tiled = lanes > 1;
        ref readonly var elements = ref weights.Rows;
        var bytes = elements.Type.ElementBytes() + (elements.HasNarrowColumns ? sizeof(ushort) : sizeof(int));
        work = new SparseWork
        {
            RowStart = segment.RowStart,
            Rows = rows,
            Elements = elements,
            Scale = weights.Scale,
            Pieces = tiled ? (rows + PairRows - 1) / PairRows : rows,
            Lanes = lanes,
            Tiles = tiled ? (rows + lanes - 1) / lanes : 0,
            FirstTile = _tiles,
            UnitCost = (bytes * WorkSplit.ByteCost) + (lanes == TileRows ? Math.Min(rows, PairRows) : TileRows),
            Start = _total,
        };
        _tiles += work.Tiles;
        _total += elements.Stored * work.UnitCost * work.Pieces;
    }

    private static void TurnTask<TLanes>(void* state, int tile)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(SparseCall*)state;
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            if (work.Tiled is not null && tile >= work.FirstTile && tile < work.FirstTile + work.Tiles)
            {
                call.Turn<TLanes>(ref work, tile - work.FirstTile);
            }
        }
    }

    /// <summary>[rows][H] to [H][lanes]; the lanes behind the last row repeat it.</summary>
    private readonly void Turn<TLanes>(ref SparseWork work, int tile)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var rows = Math.Min(work.Lanes, work.Rows - (tile * work.Lanes));
        var source = _x + ((nint)(work.RowStart + (tile * work.Lanes)) * inFeatures);
        var target = work.Tiled + ((nint)tile * inFeatures * work.Lanes);
        if (rows < TileRows)
        {
            FewRowsOfSparse.Turn(source, inFeatures, rows, work.Lanes, target);
            return;
        }

        var column = 0;
        for (; column <= inFeatures - TileRows; column += TileRows)
        {
            TLanes.Transpose(source + column, inFeatures, target + ((nint)column * TileRows));
        }

        for (; column < inFeatures; column++)
        {
            for (var row = 0; row < TileRows; row++)
            {
                target[((nint)column * TileRows) + row] = source[((nint)row * inFeatures) + column];
            }
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(SparseCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var first = FirstUnit(from, work);
            var end = FirstUnit(to, work);
            if (first < end && i + 1 < call._segments)
            {
                call.Ask(call._works[i + 1]);
            }

            long stored = work.Elements.Stored;
            for (var piece = (int)(first / stored); first < end; piece++)
            {
                var pieceEnd = Math.Min(end, (piece + 1) * stored);
                var skipped = piece * stored;
                call.Piece<TLanes>(ref work, piece, FirstWindow(work.Elements, first - skipped), FirstWindow(work.Elements, pieceEnd - skipped));
                first = pieceEnd;
            }
        }
    }

    /// <summary>Asks for what a row taken alone begins with: the hardware follows only once it has seen a few lines.</summary>
    private readonly void Ask(in SparseWork work)
    {
        const int lines = 4 * Prefetch.LineBytes;
        Prefetch.Lines(work.Elements.Slices, lines);
        Prefetch.Lines(work.Elements.Values, lines * 2);
        Prefetch.Lines(work.Elements.Columns, lines * 2);
        Prefetch.Lines(_x + ((nint)work.RowStart * inFeatures), Math.Min(inFeatures * sizeof(float), 1 << 14));
    }

    private static long FirstUnit(long boundary, in SparseWork work) => boundary <= work.Start
        ? 0
        : Math.Min((boundary - work.Start + work.UnitCost - 1) / work.UnitCost, (long)work.Elements.Stored * work.Pieces);

    /// <summary>The first window whose elements begin at or after one.</summary>
    private static int FirstWindow(in SlicedRows elements, long element)
    {
        var (low, high) = (0, elements.Windows);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = elements.Slices[elements.WindowSlices[middle]].Start >= element ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private readonly void Piece<TLanes>(ref SparseWork work, int piece, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        switch (work.Elements.Type, work.Elements.HasNarrowColumns)
        {
            case (WeightType.F32, true):
                Piece<TLanes, F32Narrow>(ref work, piece, from, to);
                break;
            case (WeightType.F32, false):
                Piece<TLanes, F32Wide>(ref work, piece, from, to);
                break;
            case (_, true):
                Piece<TLanes, BF16Narrow>(ref work, piece, from, to);
                break;
            default:
                Piece<TLanes, BF16Wide>(ref work, piece, from, to);
                break;
        }
    }

    private readonly void Piece<TLanes, TElement>(ref SparseWork work, int piece, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        if (work.Lanes is > 1 and < TileRows)
        {
            var few = new FewRowsOfSparse(work.Elements, outFeatures, work.Scale);
            var y = _y + ((nint)work.RowStart * outFeatures);
            if (work.Lanes == FourRows.Rows)
            {
                few.Add<FourRows, TElement>(work.Tiled, y, work.Rows, from, to);
            }
            else
            {
                few.Add<EightRows, TElement>(work.Tiled, y, work.Rows, from, to);
            }

            return;
        }

        var elements = new SparseElements(work.Elements, outFeatures, work.Scale);
        if (work.Tiled is null)
        {
            var row = (nint)(work.RowStart + piece);
            elements.AddRow<TLanes, TElement>(_x + (row * inFeatures), _y + (row * outFeatures), from, to);
        }
        else
        {
            var row = work.RowStart + (piece * PairRows);
            var rows = Math.Min(PairRows, work.Rows - (piece * PairRows));
            var tiled = work.Tiled + ((nint)piece * inFeatures * PairRows);
            elements.AddTiles<TLanes, TElement>(tiled, inFeatures, _y + ((nint)row * outFeatures), rows, from, to);
        }
    }
}

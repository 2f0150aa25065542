namespace AdapterServe.Kernels.Weights;

/// <summary>Which element of a matrix goes where in <see cref="SlicedRows"/>, from how many each row has.</summary>
internal sealed class SlicedRowsPlan
{
    private const int Width = SlicedRows.Width;

    private readonly List<SparseSlice> _slices = [];
    private readonly List<int> _tails = [];
    private readonly List<byte> _fills = [];

    public SlicedRowsPlan(int rows, ReadOnlySpan<int> rowIndices)
    {
        (Lengths, Slots) = (new int[rows], new int[rows]);
        foreach (var row in rowIndices)
        {
            Lengths[row]++;
        }

        WindowSlices = new int[((rows + SlicedRows.Window - 1) / SlicedRows.Window) + 1];
        for (var window = 0; window < WindowSlices.Length - 1; window++)
        {
            var first = window * SlicedRows.Window;
            var all = Enumerable.Range(first, Math.Min(SlicedRows.Window, rows - first));
            int[] used = [.. all.Where(row => Lengths[row] > 0).OrderByDescending(row => Lengths[row])];
            for (var at = 0; at < used.Length; at += Width)
            {
                AddSlice(used.AsSpan(at, Math.Min(Width, used.Length - at)), first);
            }

            WindowSlices[window + 1] = _slices.Count;
        }

        _slices.Add(new SparseSlice { Start = Stored, Tails = -1 });
    }

    /// <summary>Elements of each row.</summary>
    public int[] Lengths { get; }

    /// <summary>Each row's slice and lane as slice * 8 + lane.</summary>
    public int[] Slots { get; }

    public int Stored { get; private set; }

    public int[] WindowSlices { get; }

    public SparseSlice[] Slices => [.. _slices];

    public int[] Tails => [.. _tails];

    public byte[] Fills => [.. _fills];

    private void AddSlice(ReadOnlySpan<int> rows, int windowStart)
    {
        var (longest, shortest) = (Lengths[rows[0]], Lengths[rows[^1]]);
        var steps = StepsOf(rows, longest, shortest);
        var slice = new SparseSlice { Start = Stored, Steps = steps, Lanes = rows.Length, Tails = steps < longest ? _tails.Count : -1 };
        Stored = checked(Stored + (steps * Width));
        if (slice.Tails >= 0)
        {
            _tails.Add(Stored);
        }

        for (var lane = 0; lane < Width; lane++)
        {
            var length = lane < rows.Length ? Lengths[rows[lane]] : 0;
            slice.Order |= (ulong)(lane < rows.Length ? rows[lane] - windowStart : SlicedRows.Window) << (8 * lane);
            _fills.Add((byte)(lane < rows.Length ? Math.Max(0, steps - length) : 0));
            if (lane < rows.Length)
            {
                Slots[rows[lane]] = (_slices.Count * Width) + lane;
            }

            if (slice.Tails >= 0)
            {
                Stored = checked(Stored + Math.Max(0, length - steps));
                _tails.Add(Stored);
            }
        }

        _slices.Add(slice);
    }

    /// <summary>As many as fill a slice without taking half as much memory again, beside eight elements.</summary>
    private int StepsOf(ReadOnlySpan<int> rows, int longest, int shortest)
    {
        var sum = 0L;
        foreach (var row in rows)
        {
            sum += Lengths[row];
        }

        var most = (sum * 3 / 2) + Width;
        if ((long)longest * Width <= most && longest - shortest <= byte.MaxValue)
        {
            return longest;
        }

        return (long)shortest * Width <= most ? shortest : 0;
    }
}

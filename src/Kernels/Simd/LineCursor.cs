using AdapterServe.Kernels.Memory;

namespace AdapterServe.Kernels.Simd;

/// <summary>
/// Asks for the lines of some ranges bit by bit, in the shade of arithmetic that needs no memory.
/// <b>Effects</b>: hints only, in the order of the ranges, each line once; asking beyond the last does nothing.
/// </summary>
internal unsafe struct LineCursor(MemoryRange* ranges, int count)
{
    private MemoryRange* _range = ranges;
    private readonly MemoryRange* _end = ranges + count;
    private long _asked;

    /// <summary>Lines of all ranges.</summary>
    public static long Lines(MemoryRange* ranges, int count)
    {
        var lines = 0L;
        for (var i = 0; i < count; i++)
        {
            lines += Lines(ranges[i]);
        }

        return lines;
    }

    public static long Lines(in MemoryRange range) => (range.Bytes + Prefetch.LineBytes - 1) / Prefetch.LineBytes;

    public void Ask(long lines)
    {
        while (lines > 0 && _range < _end)
        {
            var some = Math.Min(lines, Lines(*_range) - _asked);
            Prefetch.Lines((byte*)_range->Start + (_asked * Prefetch.LineBytes), (int)some * Prefetch.LineBytes);
            lines -= some;
            _asked += some;
            if (_asked == Lines(*_range))
            {
                _range++;
                _asked = 0;
            }
        }
    }
}

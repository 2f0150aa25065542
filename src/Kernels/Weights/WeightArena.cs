using System.Runtime.InteropServices;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Native memory for the weights of one adapter: allocated piece by piece at load, freed at once.
/// <b>Layout</b>: every piece starts on a 64-byte boundary, is zeroed, and never moves. Pieces are cut from chunks that double up to 2 MiB and from
/// there on lie in
/// huge pages, so that a small adapter takes little and a large one is read at full speed.
/// <b>Effects</b>: not thread safe while allocating; reading the pieces is free for any thread until <see cref="Dispose()"/>.
/// </summary>
public sealed unsafe class WeightArena : IDisposable
{
    private const nuint Alignment = 64;
    private const long FirstChunkBytes = 64 << 10;
    private readonly List<nint> _chunks = [];
    private long _chunkBytes = FirstChunkBytes;
    private byte* _next;
    private byte* _end;
    private bool _disposed;

    ~WeightArena() => Free();

    /// <summary>Bytes allocated so far, padding included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that each sequence keeps for the forms packed here, see <see cref="ReserveState"/>.</summary>
    public long StateBytes { get; private set; }

    /// <summary>
    /// A place in the memory of each sequence that uses the adapter, as an offset in bytes; zeroed when the sequence begins, 64-byte aligned.
    /// </summary>
    public long ReserveState(long bytes)
    {
        var offset = StateBytes;
        StateBytes = checked(offset + bytes + (long)Alignment - 1) & -(long)Alignment;
        return offset;
    }

    /// <summary>What so many bytes take.</summary>
    internal static long Padded(long bytes) => Math.Max(checked(bytes + (long)Alignment - 1) & -(long)Alignment, (long)Alignment);

    /// <summary>Zeroed memory of at least <paramref name="bytes"/> bytes, 64-byte aligned.</summary>
    public void* Allocate(long bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var padded = Padded(bytes);
        if (padded > _end - _next)
        {
            AddChunk(padded);
        }

        var piece = _next;
        _next += padded;
        NativeMemory.Clear(piece, (nuint)padded);
        Bytes += padded;
        return piece;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>What is left of the chunk before stays unused.</summary>
    private void AddChunk(long least)
    {
        var bytes = Math.Max(least, _chunkBytes);
        var isHuge = bytes >= HugePages.PageBytes;
        bytes = isHuge ? checked(bytes + HugePages.PageBytes - 1) & -HugePages.PageBytes : bytes;
        _next = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, isHuge ? HugePages.PageBytes : Alignment);
        _end = _next + bytes;
        _chunks.Add((nint)_next);
        _chunkBytes = Math.Min(2 * _chunkBytes, HugePages.PageBytes);
        if (isHuge)
        {
            HugePages.Advise(_next, (nuint)bytes);
        }
    }

    private void Free()
    {
        _disposed = true;
        foreach (var chunk in _chunks)
        {
            NativeMemory.AlignedFree((void*)chunk);
        }

        _chunks.Clear();
    }
}

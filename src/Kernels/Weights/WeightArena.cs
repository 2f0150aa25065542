using System.Runtime.InteropServices;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Native memory for the weights of one adapter: allocated piece by piece at load, freed at once.
/// <b>Layout</b>: every piece starts on a 64-byte boundary, is zeroed, and never moves.
/// <b>Effects</b>: not thread safe while allocating; reading the pieces is free for any thread until <see cref="Dispose()"/>.
/// </summary>
public sealed unsafe class WeightArena : IDisposable
{
    private const nuint Alignment = 64;
    private readonly List<nint> _pieces = [];
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
        var padded = (nuint)Padded(bytes);
        var piece = NativeMemory.AlignedAlloc(padded, Alignment);
        NativeMemory.Clear(piece, padded);
        _pieces.Add((nint)piece);
        Bytes += (long)padded;
        return piece;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        _disposed = true;
        foreach (var piece in _pieces)
        {
            NativeMemory.AlignedFree((void*)piece);
        }

        _pieces.Clear();
    }
}

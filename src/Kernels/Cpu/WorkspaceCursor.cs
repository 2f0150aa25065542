namespace AdapterServe.Kernels.Cpu;

/// <summary>Cuts a workspace into pieces on 64-byte boundaries, and counts what they take from an address of any alignment.</summary>
internal unsafe struct WorkspaceCursor(byte* workspace)
{
    private const long Alignment = 64;
    private byte* _next = (byte*)Padded((nint)workspace);

    /// <summary>Of a workspace that suffices for the pieces taken so far from one at null.</summary>
    public readonly long Bytes => Alignment - 1 + (nint)_next;

    public static long Padded(long bytes) => (bytes + Alignment - 1) & -Alignment;

    public byte* Take(long bytes)
    {
        var piece = _next;
        _next += (nint)Padded(bytes);
        return piece;
    }
}

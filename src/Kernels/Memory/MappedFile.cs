using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AdapterServe.Kernels.Memory;

/// <summary>
/// A whole file mapped read-only.
/// <b>Layout</b>: the mapping starts on a page boundary; offsets are bytes from the start of the file.
/// <b>Effects</b>: pointers and spans are valid until <see cref="Dispose"/>; the file must not shrink meanwhile. Reading is free for any thread.
/// <b>Errors</b>: <see cref="IOException"/> and its kin where the file can't be opened; <see cref="ArgumentOutOfRangeException"/> for a range outside of it.
/// </summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    /// <summary>MADV_DONTNEED.</summary>
    private const int NotNeeded = 4;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;
    private int _disposed;

    private MappedFile(string path)
    {
        Path = path;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        Length = stream.Length;
        if (Length == 0)
        {
            return; // An empty file can't be mapped.
        }

        _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>The first byte; null for an empty file.</summary>
    public void* Start => _start;

    public static MappedFile Open(string path) => new(path);

    /// <summary>The address of a byte range that lies inside the file.</summary>
    public void* PointerAt(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Bytes [{offset}, {offset}+{length}) are outside of {Path}, which has {Length}.");
        }

        return _start + offset;
    }

    public ReadOnlySpan<byte> Slice(long offset, int length) => new(PointerAt(offset, length), length);

    /// <summary>
    /// Says that the pages that lie wholly inside a range won't be read soon, so that a file larger than the memory can be read through.
    /// <b>Effects</b>: they leave the process, not the system's cache, and come back when they are read. Only Linux is told.
    /// </summary>
    public void Release(long offset, long length)
    {
        var first = (nuint)PointerAt(offset, length);
        var page = (nuint)Environment.SystemPageSize;
        var (from, to) = ((first + page - 1) / page * page, (first + (nuint)length) / page * page);
        if (OperatingSystem.IsLinux() && from < to)
        {
            _ = AdviseKernel((void*)from, to - from, NotNeeded); // Advice: a refusal changes nothing.
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        ReleaseView(_view?.SafeMemoryMappedViewHandle);
        _view?.Dispose();
        _map?.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int AdviseKernel(void* address, nuint length, int advice);

    private static void ReleaseView(SafeMemoryMappedViewHandle? handle) => handle?.ReleasePointer();
}

using System.Runtime.InteropServices;

namespace AdapterServe.Kernels.Tests.Support;

/// <summary>
/// Memory that ends at a page which may not be touched: a read or write past the end ends the process.
/// </summary>
internal sealed unsafe partial class GuardedBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Page = 4096;
    private readonly nuint _mapped;
    private readonly byte* _memory;

    public GuardedBuffer(long length)
    {
        Length = (int)length;
        var bytes = (nuint)(length * sizeof(T));
        var pages = (bytes + Page - 1) / Page * Page;
        _mapped = pages + (2 * Page);
        _memory = (byte*)Native.Map(0, _mapped, Native.ReadWrite, Native.PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, (nint)_memory);
        Assert.Equal(0, Native.Protect(_memory, Page, 0));
        Assert.Equal(0, Native.Protect(_memory + Page + pages, Page, 0));
        Pointer = (T*)(_memory + Page + pages - bytes);
    }

    public GuardedBuffer(ReadOnlySpan<T> values)
        : this(values.Length) => values.CopyTo(Span);

    public int Length { get; }

    public T* Pointer { get; }

    public Span<T> Span => new(Pointer, Length);

    public void Dispose() => Assert.Equal(0, Native.Unmap(_memory, _mapped));
}

internal static unsafe partial class Native
{
    public const int ReadWrite = 3;
    public const int PrivateAnonymous = 0x22;

    [LibraryImport("libc", EntryPoint = "mmap")]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    public static partial int Protect(byte* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(byte* address, nuint length);
}

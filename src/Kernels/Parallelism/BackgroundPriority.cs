using System.Runtime.InteropServices;

namespace AdapterServe.Kernels.Parallelism;

/// <summary>
/// Work that may wait for the cores that a step computes on.
/// <b>Effects</b>: the calling thread's share of a busy core falls to about a tenth of that of others; on an idle core it loses nothing. For good: an ordinary user can't raise it again.
/// Where the system has no priority of a single thread, nothing happens.
/// </summary>
public static partial class BackgroundPriority
{
    /// <summary>The kernel weighs it 110 against 1,024. Much less, and a load on a busy machine would take seconds.</summary>
    private const int Niceness = 10;

    private const int CallingThread = 0;

    public static void Take()
    {
        if (OperatingSystem.IsLinux())
        {
            // PRIO_PROCESS 0: Linux takes the calling thread. It may lower itself always; were it refused, the work would only be in the way.
            _ = SetPriority(CallingThread, CallingThread, Niceness);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int priority);
}

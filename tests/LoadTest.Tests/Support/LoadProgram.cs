using System.Diagnostics;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.LoadTest.Tests.Support;

/// <summary>The program in a process of its own, as a user starts it.</summary>
internal static class LoadProgram
{
    private static readonly string s_path = Repository.Server.Replace("AdapterServer", "LoadTest", StringComparison.Ordinal);

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [s_path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Tolerances.Patience, TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}

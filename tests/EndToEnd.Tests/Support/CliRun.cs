using System.Diagnostics;
using System.Text.Json.Nodes;

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>What the command <c>adapterserve</c> did, run as a process.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    private static readonly string[] s_variables = ["ADAPTERSERVE_URL", "ADAPTERSERVE_API_KEY", "ADAPTERSERVE_DATA"];

    /// <summary>The one JSON value on the output stream of a run that succeeded.</summary>
    public JsonNode Json => ExitCode == 0 ? JsonNode.Parse(Output)! : throw new InvalidOperationException($"{ExitCode}: {Error}{Output}");

    public static Task<CliRun> AtAsync(Uri server, params string[] arguments) => RunAsync(null, [.. arguments, "--url", server.ToString()]);

    public static async Task<CliRun> RunAsync(string? input, params string[] arguments)
    {
        var start = Start(arguments);
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CliRun(process.ExitCode, await output, await error);
    }

    public static ProcessStartInfo Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Cli, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var variable in s_variables)
        {
            start.Environment.Remove(variable);
        }

        return start;
    }
}

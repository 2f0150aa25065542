using System.Diagnostics;
using System.Runtime.Versioning;

namespace AdapterServe.OnnxRuntime.Tests;

/// <summary>The script build/onnxruntime.sh, run in a folder of its own with a stand-in for npm.</summary>
[SupportedOSPlatform("linux")]
public sealed class FetchScriptTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ort-fetch-").FullName;

    public FetchScriptTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "build"));
        Directory.CreateDirectory(Path.Combine(_root, "bin"));
        File.Copy(Path.Combine(SourceTree.Root, "build", "onnxruntime.sh"), Script);
    }

    private string Script => Path.Combine(_root, "build", "onnxruntime.sh");

    private string Folder => Path.Combine(_root, "artifacts", "onnxruntime", OnnxRuntimeLibrary.FetchedVersion);

    private string Library => Path.Combine(Folder, "libonnxruntime.so.1");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_library_that_is_there_is_printed_and_nothing_is_fetched()
    {
        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(Library, "library", TestContext.Current.CancellationToken);
        Npm("exit 1");
        var (status, output, _) = await Run();
        Assert.Equal(0, status);
        Assert.Equal(Library, output.Trim());
    }

    [Fact]
    public async Task A_library_named_by_the_variable_is_printed_instead()
    {
        var path = Path.Combine(_root, "mine.so");
        await File.WriteAllTextAsync(path, "library", TestContext.Current.CancellationToken);
        var (status, output, _) = await Run(path);
        Assert.Equal(0, status);
        Assert.Equal(path, output.Trim());
    }

    [Fact]
    public async Task A_named_library_that_does_not_exist_is_an_error_that_says_so()
    {
        var (status, output, error) = await Run("/nowhere/library.so");
        Assert.Equal(1, status);
        Assert.Empty(output);
        Assert.Contains("/nowhere/library.so, which does not exist", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 'no network' >&2; exit 7", "no network")]
    [InlineData("exit 0", "npm left no")]
    [InlineData("echo something else > onnxruntime-node-1.30.0.tgz", "SHA-256")]
    public async Task A_fetch_that_goes_wrong_is_an_error_and_leaves_nothing_behind(string npm, string expected)
    {
        Npm(npm);
        var (status, output, error) = await Run();
        Assert.Equal(1, status);
        Assert.Empty(output);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder));
    }

    private void Npm(string body)
    {
        var path = Path.Combine(_root, "bin", "npm");
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<(int Status, string Output, string Error)> Run(string? variable = null)
    {
        var start = new ProcessStartInfo("bash", [Script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{Path.Combine(_root, "bin")}:{start.Environment["PATH"]}";
        start.Environment[OnnxRuntimeLibrary.PathVariable] = variable ?? "";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}

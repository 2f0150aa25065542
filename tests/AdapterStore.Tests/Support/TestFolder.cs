namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>A folder that a test may fill; gone afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder()
    {
        Path = Directory.CreateTempSubdirectory("adapterserve-test-").FullName;
    }

    public string Path { get; }

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>Every file below, relative to the folder, sorted; the registry's own and the lock left out.</summary>
    public IReadOnlyList<string> AdapterFiles() => Directory.Exists(Data)
        ? [.. Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories)
            .Select(path => System.IO.Path.GetRelativePath(Data, path))
            .Where(path => path.Contains(System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)]
        : [];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

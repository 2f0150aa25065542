namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>A folder that a test may fill; gone afterwards.</summary>
/// <param name="registry">Where storages opened on it have their registry; null for in it.</param>
public sealed class TestFolder(string? registry = null) : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("adapterserve-test-").FullName;

    public string? Registry { get; } = registry;

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

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>The repository's own test data.</summary>
internal static class TestData
{
    public static string Root { get; } = FindRoot();

    public static string Adapter(string name) => Path.Combine(Root, "tests", "data", "adapters", name);

    public static string Refused(string name) => Path.Combine(Root, "tests", "data", "refused", name);

    public static string Showcase(string style) => Path.Combine(Root, "models", "demo", "adapters", style);

    public static Dictionary<string, byte[]> Files(string folder) =>
        Directory.EnumerateFiles(folder).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AdapterServe.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests run from inside the repository.");
    }
}

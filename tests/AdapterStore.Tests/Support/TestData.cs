namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>The repository's own test data.</summary>
internal static class TestData
{
    public static string Root => SourceTree.Root;

    public static string Adapter(string name) => Path.Combine(Root, "tests", "data", "adapters", name);

    public static string Refused(string name) => Path.Combine(Root, "tests", "data", "refused", name);

    public static string Showcase(string style) => Path.Combine(Root, "models", "demo", "adapters", style);

    public static Dictionary<string, byte[]> Files(string folder) =>
        Directory.EnumerateFiles(folder).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);
}

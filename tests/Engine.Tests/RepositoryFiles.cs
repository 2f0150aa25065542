using System.Text.Json;

namespace AdapterServe.Engine.Tests;

/// <summary>The repository's own data.</summary>
internal static class RepositoryFiles
{
    public static string Root => SourceTree.Root;

    public static string DemoModel => Path.Combine(Root, "models", "demo", "base");

    public static string Data(params string[] parts) => Path.Combine([Root, "tests", "data", .. parts]);

    public static JsonElement Json(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }
}

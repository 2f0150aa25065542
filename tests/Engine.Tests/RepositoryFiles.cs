using System.Text.Json;

namespace AdapterServe.Engine.Tests;

/// <summary>Finds the repository's own data from wherever the test's assembly lies.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string DemoModel => Path.Combine(Root, "models", "demo", "base");

    public static string Data(params string[] parts) => Path.Combine([Root, "tests", "data", .. parts]);

    public static JsonElement Json(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AdapterServe.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests must run within the repository.");
    }
}

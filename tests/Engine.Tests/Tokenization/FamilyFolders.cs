using AdapterServe.Engine.Tests.Goldens;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>
/// Tokenizers and what the reference makes with them: those of tests/data, and those of the folder that ADAPTERSERVE_GOLDENS names, whose names begin with a slash.
/// </summary>
internal static class FamilyFolders
{
    private static readonly string Goldens = Path.Combine(GoldenFile.Folder, "families");

    public static IEnumerable<string> Names
    {
        get
        {
            string[] own = [.. Directory.GetDirectories(RepositoryFiles.Data("tokenizers")).Select(folder => Path.GetFileName(folder)!)];
            string[] others = Directory.Exists(Goldens) ? Directory.GetFiles(Goldens, "tokenizer_cases.json", SearchOption.AllDirectories) : [];
            return own.Concat(others.Select(file => "/" + Path.GetRelativePath(Goldens, Path.GetDirectoryName(file)!))).Order(StringComparer.Ordinal);
        }
    }

    /// <summary>The folder that holds the tokenizer.</summary>
    public static string Model(string name) => Directory.Exists(Path.Combine(Folder(name), "model")) ? Path.Combine(Folder(name), "model") : Folder(name);

    public static string Cases(string name, string file) => Path.Combine(Folder(name), file);

    private static string Folder(string name) => name.StartsWith('/') ? Path.Combine(Goldens, name[1..]) : RepositoryFiles.Data("tokenizers", name);
}

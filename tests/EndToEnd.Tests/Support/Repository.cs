namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>Places in the source tree.</summary>
internal static class Repository
{
    public static string Root => SourceTree.Root;

    /// <summary>tests/data, or the folder that ADAPTERSERVE_GOLDENS names.</summary>
    public static string Goldens { get; } = Environment.GetEnvironmentVariable("ADAPTERSERVE_GOLDENS") ?? Path.Combine(Root, "tests", "data");

    public static string Server { get; } = Program("AdapterServer");

    public static string Cli { get; } = Program("Cli");

    /// <summary>The folder of a golden's adapter; the showcase ones lie with the demo under their styles' names.</summary>
    public static string Adapter(string golden) => golden.EndsWith("-showcase", StringComparison.Ordinal)
        ? Path.Combine(Root, "models", "demo", "adapters", golden[..^"-showcase".Length])
        : Path.Combine(Goldens, "adapters", golden);

    private static string Program(string project) => Path.Combine(
        Root, "artifacts", "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), $"AdapterServe.{project}.dll");
}

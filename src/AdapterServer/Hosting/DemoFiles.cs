namespace AdapterServe.AdapterServer.Hosting;

/// <summary>The demo that comes with the source tree.</summary>
/// <param name="Model">The base model's folder.</param>
/// <param name="Adapters">One folder an adapter, or none.</param>
internal sealed record DemoFiles(string Model, string Adapters)
{
    /// <summary>Looks in the folders above the program, where a built tree has it, and beside it; null when it is nowhere.</summary>
    public static DemoFiles? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var demo = Path.Combine(folder.FullName, "models", "demo");
            if (File.Exists(Path.Combine(demo, "base", "config.json")))
            {
                return new DemoFiles(Path.Combine(demo, "base"), Path.Combine(demo, "adapters"));
            }
        }

        return null;
    }
}

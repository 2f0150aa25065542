using System.Text.Json;
using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>The files of an adapter with its configuration parsed, which readers look at to find out whose it is.</summary>
internal sealed class AdapterFolder : IDisposable
{
    public const string ConfigFile = "adapter_config.json";

    /// <summary>Before the names of files that are copies of another adapter's.</summary>
    public const string InventoryPrefix = "inventory.";

    private readonly JsonDocument? _config;

    private AdapterFolder(AdapterFiles files, int task, JsonDocument? config)
    {
        Files = files;
        Task = task;
        _config = config;
    }

    public AdapterFiles Files { get; }

    /// <summary>The task to be read, counted from 0, for formats that hold several; the others have no use for it.</summary>
    public int Task { get; }

    /// <summary>The configuration's object, or null when there is no such file.</summary>
    public JsonElement? Config => _config?.RootElement;

    public static AdapterFolder Open(AdapterFiles files, int task) =>
        new(files, task, files.Has(ConfigFile) ? StrictJson.ReadObject(files.PathOf(ConfigFile), ConfigFile) : null);

    public void Dispose() => _config?.Dispose();
}

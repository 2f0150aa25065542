using System.Text.Json;
using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>The files of an adapter with its configuration parsed, which readers look at to find out whose it is.</summary>
internal sealed class AdapterFolder : IDisposable
{
    public const string ConfigFile = "adapter_config.json";

    private readonly JsonDocument? _config;

    private AdapterFolder(AdapterFiles files, JsonDocument? config)
    {
        Files = files;
        _config = config;
    }

    public AdapterFiles Files { get; }

    /// <summary>The configuration's object, or null when there is no such file.</summary>
    public JsonElement? Config => _config?.RootElement;

    public static AdapterFolder Open(AdapterFiles files) =>
        new(files, files.Has(ConfigFile) ? StrictJson.ReadObject(files.PathOf(ConfigFile), ConfigFile) : null);

    public void Dispose() => _config?.Dispose();
}

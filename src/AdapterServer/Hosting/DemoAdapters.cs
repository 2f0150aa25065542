using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterStore;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>
/// Uploads the demo's adapters into a data folder once: one that a person deletes or replaces afterwards stays as they left it.
/// </summary>
internal sealed class DemoAdapters(AdapterStorage store, ILogger logger)
{
    private const string Marker = "demo-adapters";

    public async Task UploadAsync(string folder, string dataFolder, CancellationToken cancellationToken)
    {
        var marker = Path.Combine(dataFolder, Marker);
        if (File.Exists(marker) || !Directory.Exists(folder))
        {
            return;
        }

        foreach (var adapter in Directory.GetDirectories(folder).Order(StringComparer.Ordinal))
        {
            await UploadAsync(adapter, cancellationToken).ConfigureAwait(false);
        }

        await File.WriteAllTextAsync(marker, "The demo adapters were uploaded into this folder.\n", cancellationToken).ConfigureAwait(false);
    }

    private async Task UploadAsync(string adapter, CancellationToken cancellationToken)
    {
        using var files = store.Uploads.Begin();
        foreach (var path in Directory.GetFiles(adapter).Order(StringComparer.Ordinal))
        {
            await using var content = File.OpenRead(path);
            await files.AddAsync(Path.GetFileName(path), content, cancellationToken).ConfigureAwait(false);
        }

        var result = await store.Uploads.PutAsync(Principal.DefaultTenant, Path.GetFileName(adapter), files, null, cancellationToken).ConfigureAwait(false);
        ServerLog.DemoAdapterUploaded(logger, result.Descriptor.Name, result.Descriptor.Version);
    }
}

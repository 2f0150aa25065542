using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Uploads;

/// <summary>
/// Gives an adapter that is nothing without another one a copy of that one's files, under names with <see cref="AdapterFolder.InventoryPrefix"/>.
/// <b>Semantics</b>: the copy is content as the upload's own files are, part of the digest and of what is counted; so neither a new version of the inventory nor its
/// deletion changes the adapter, and the same upload beside another inventory is another version. An upload that brings such files itself keeps them.
/// <b>Errors</b>: Unservable <c>inventory</c> where there is no such adapter or it is of another kind.
/// </summary>
internal sealed class InventoryFiles(StoreCore core)
{
    private readonly AdapterCatalog _catalog = new(core);

    public async Task AddAsync(string tenant, StagedFiles files, CancellationToken cancellationToken)
    {
        if (files.Files.Any(file => file.Name.StartsWith(AdapterFolder.InventoryPrefix, StringComparison.Ordinal)) || AdapterLoader.InventoryOf(files.AsAdapterFiles()) is not { } needed)
        {
            return;
        }

        try
        {
            var digest = Find(tenant, needed.Name, needed.Kind).Digest;
            await core.Blobs.FetchAsync(digest, cancellationToken).ConfigureAwait(false);
            using var stored = core.Blobs.Open(digest);
            foreach (var name in stored.Files.Names)
            {
                var content = File.OpenRead(stored.Files.PathOf(name));
                await using var _ = content.ConfigureAwait(false);
                await files.AddAsync(AdapterFolder.InventoryPrefix + name, content, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or AdapterStoreException { Kind: AdapterErrorKind.NotFound })
        {
            throw StoreErrors.Unservable("inventory", $"The adapter needs '{AdapterNames.Shorten(needed.Name)}' as its inventory, which is not there; upload that one first.", error);
        }
    }

    private AdapterDescriptor Find(string tenant, string name, string kind) => _catalog.Describe(tenant, name) is var found && found.Kind == kind
        ? found
        : throw StoreErrors.Unservable("inventory", $"The adapter's inventory '{AdapterNames.Shorten(name)}' is of kind {found.Kind}; it must be of kind {kind}.");
}

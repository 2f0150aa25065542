using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Models;

/// <summary>What can be asked for by name, whichever interface asks.</summary>
internal static class ModelCards
{
    private const string Owner = "adapterserve";

    /// <summary>The base, then every adapter that requests may use.</summary>
    public static IReadOnlyList<ModelCard> All(ServingModel model)
    {
        var ready = model.Store.Catalog.List(model.Principal.Tenant, CatalogFilter.None with { State = AdapterStates.Ready });
        return [OfBase(model), .. ready.Select(adapter => Of(model, adapter, adapter.Name))];
    }

    /// <summary><b>Errors</b>: as <see cref="ServingModel.DescribeAdapter"/>.</summary>
    public static async Task<ModelCard> FindAsync(ServingModel model, string name, CancellationToken cancellationToken) =>
        await model.LookAsync(() => model.DescribeAdapter(name), cancellationToken).ConfigureAwait(false) is { } adapter
            ? Of(model, adapter, name)
            : OfBase(model);

    private static ModelCard OfBase(ServingModel model) =>
        new(model.Base.Id, "model", model.Created.ToUnixTimeSeconds(), Owner, model.Base.Id, null, model.Facts.ContextTokens, model.Facts.VocabularySize);

    private static ModelCard Of(ServingModel model, AdapterDescriptor adapter, string id) =>
        new(id, "model", adapter.CreatedAt.ToUnixTimeSeconds(), Owner, adapter.Digest, model.Base.Id, model.Facts.ContextTokens, model.Facts.VocabularySize)
        {
            Fused = model.Fused.IsFused(adapter),
        };
}

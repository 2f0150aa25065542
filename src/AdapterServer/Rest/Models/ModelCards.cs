using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.Rest.Models;

/// <summary>What can be asked for by name, whichever interface asks.</summary>
internal static class ModelCards
{
    private const string Tenant = "default";
    private const string Owner = "adapterserve";

    /// <summary>The base, then every adapter.</summary>
    public static IReadOnlyList<ModelCard> All(ServingModel model) =>
        [OfBase(model), .. model.Store.Catalog.List(Tenant).Select(adapter => Of(model, adapter, adapter.Name))];

    /// <summary><b>Errors</b>: as <see cref="ServingModel.DescribeAdapter"/>.</summary>
    public static ModelCard Find(ServingModel model, string name) => model.DescribeAdapter(name) is { } adapter ? Of(model, adapter, name) : OfBase(model);

    private static ModelCard OfBase(ServingModel model) =>
        new(model.Base.Id, "model", model.Created.ToUnixTimeSeconds(), Owner, model.Base.Id, null, model.Facts.ContextTokens, model.Facts.VocabularySize);

    private static ModelCard Of(ServingModel model, AdapterDescriptor adapter, string id) =>
        new(id, "model", adapter.CreatedAt.ToUnixTimeSeconds(), Owner, adapter.Digest, model.Base.Id, model.Facts.ContextTokens, model.Facts.VocabularySize)
        {
            Fused = model.Fused.IsFused(adapter),
        };
}

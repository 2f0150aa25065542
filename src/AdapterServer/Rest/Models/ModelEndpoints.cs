using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Models;

/// <summary>What can be asked for by name.</summary>
internal static class ModelEndpoints
{
    private const string Tenant = "default";
    private const string Owner = "adapterserve";

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ListAsync).WithName("ListModels").WithTags("models").Produces<ModelList>();
        routes.MapGet("/v1/models/{**id}", GetAsync).WithName("GetModel").WithTags("models").Produces<ModelCard>();
    }

    private static Task ListAsync(HttpContext context, ServingModel model)
    {
        List<ModelCard> all = [BaseCard(model), .. model.Store.Catalog.List(Tenant, CatalogFilter.None with { State = AdapterStates.Ready }).Select(adapter => Card(model, adapter, adapter.Name))];
        var (items, hasMore) = Page.Of(context.Request).Cut(all, card => card.Id);
        return JsonAnswer.WriteAsync(context, new ModelList("list", items, hasMore), RestJson.Answers.ModelList);
    }

    private static async Task GetAsync(HttpContext context, ServingModel model, string? id)
    {
        if (string.IsNullOrEmpty(id))
        {
            throw new ApiException(404, ErrorCodes.RouteNotFound, "There is no route /v1/models/; GET /v1/models lists the models.");
        }

        var name = RouteName.Decode(id);
        var card = await model.LookAsync(() => model.DescribeAdapter(name), context.RequestAborted).ConfigureAwait(false) is { } adapter ? Card(model, adapter, name) : BaseCard(model);
        await JsonAnswer.WriteAsync(context, card, RestJson.Answers.ModelCard).ConfigureAwait(false);
    }

    private static ModelCard BaseCard(ServingModel model) =>
        new(model.Base.Id, "model", model.Created.ToUnixTimeSeconds(), Owner, model.Base.Id, null, model.Facts.ContextTokens, model.Facts.VocabularySize);

    private static ModelCard Card(ServingModel model, AdapterDescriptor adapter, string id) =>
        new(id, "model", adapter.CreatedAt.ToUnixTimeSeconds(), Owner, adapter.Digest, model.Base.Id, model.Facts.ContextTokens, model.Facts.VocabularySize);
}

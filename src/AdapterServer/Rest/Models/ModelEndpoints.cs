using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Models;

/// <summary>What can be asked for by name.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ListAsync).WithName("ListModels").Needs(AccessScopes.Infer).WithTags("models").Produces<ModelList>();
        routes.MapGet("/v1/models/{**id}", GetAsync).WithName("GetModel").Needs(AccessScopes.Infer).WithTags("models").Produces<ModelCard>();
    }

    private static Task ListAsync(HttpContext context, ServingModel model)
    {
        var (items, hasMore) = Page.Of(context.Request).Cut(ModelCards.All(model), card => card.Id);
        return JsonAnswer.WriteAsync(context, new ModelList("list", items, hasMore), RestJson.Answers.ModelList);
    }

    private static async Task GetAsync(HttpContext context, ServingModel model, string? id)
    {
        if (string.IsNullOrEmpty(id))
        {
            throw new ApiException(404, ErrorCodes.RouteNotFound, "There is no route /v1/models/; GET /v1/models lists the models.");
        }

        var card = await ModelCards.FindAsync(model, RouteName.Decode(id), context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, card, RestJson.Answers.ModelCard).ConfigureAwait(false);
    }
}

using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Keys;

/// <summary>API keys: a tenant's for its administrators, everybody's for operators.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/keys").WithTags("keys").Needs(AccessScopes.Admin);
        group.MapPost("", CreateAsync).WithName("CreateKey").TakesJson(OtherSchemas.NewKey).Produces<KeyItem>(StatusCodes.Status201Created);
        group.MapGet("", ListAsync).WithName("ListKeys").TakesQuery("tenant", OtherSchemas.KeysTenant).Produces<KeyList>();
        group.MapGet("/{id}", GetAsync).WithName("GetKey").Produces<KeyItem>();
        group.MapDelete("/{id}", RevokeAsync).WithName("RevokeKey").Produces<KeyItem>();
        group.MapPost("/{id}:rotate", RotateAsync).WithName("RotateKey").TakesJson(OtherSchemas.RotateKey).Produces<KeyItem>();
    }

    private static async Task CreateAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var wish = KeyRequests.Wish(body.RootElement, model.Principal);
        Require(model, wish);
        var made = await model.Access.Keys.CreateAsync(wish, model.Principal.Actor, context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers.Location = $"/v1/keys/{made.Key.Id}";
        await AnswerAsync(context, KeyItem.Of(made), StatusCodes.Status201Created).ConfigureAwait(false);
    }

    private static Task ListAsync(HttpContext context, ServingModel model)
    {
        string? asked = context.Request.Query["tenant"];
        if (asked is not null && asked != model.Principal.Tenant)
        {
            model.Principal.Require(AccessScopes.Operator);
        }

        var (items, hasMore) = Page.Of(context.Request).Cut(model.Access.Keys.List(asked ?? Reach(model)), key => key.Id);
        return JsonAnswer.WriteAsync(context, new KeyList("list", [.. items.Select(KeyItem.Of)], hasMore), RestJson.Answers.KeyList);
    }

    private static Task GetAsync(HttpContext context, ServingModel model, string id) =>
        AnswerAsync(context, KeyItem.Of(model.Access.Keys.Get(Reach(model), id)));

    private static async Task RevokeAsync(HttpContext context, ServingModel model, string id) =>
        await AnswerAsync(context, KeyItem.Of(await model.Access.Keys.RevokeAsync(Reach(model), id, model.Principal.Actor, context.RequestAborted).ConfigureAwait(false))).ConfigureAwait(false);

    private static async Task RotateAsync(HttpContext context, ServingModel model, string id)
    {
        var (keys, grace) = (model.Access.Keys, TimeSpan.Zero);
        using (var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false))
        {
            grace = KeyRequests.Grace(body.RootElement);
        }

        // What an administrator may not make is not to be had by giving it a new secret either.
        model.Principal.Require(keys.Get(Reach(model), id).Scopes.HasFlag(AccessScopes.Operator) ? AccessScopes.Operator : AccessScopes.Admin);
        var made = await keys.RotateAsync(Reach(model), id, grace, model.Principal.Actor, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, KeyItem.Of(made)).ConfigureAwait(false);
    }

    /// <summary>Whose keys the caller reaches; null: everybody's.</summary>
    private static string? Reach(ServingModel model) => model.Principal.IsOperator ? null : model.Principal.Tenant;

    private static void Require(ServingModel model, ApiKeyWish wish)
    {
        if (wish.Tenant != model.Principal.Tenant || wish.Scopes.HasFlag(AccessScopes.Operator))
        {
            model.Principal.Require(AccessScopes.Operator);
        }

        if (!model.Access.IsClosed && !wish.Scopes.HasFlag(AccessScopes.Operator))
        {
            throw ApiException.Invalid("scopes", "The first key has the scope 'operator': from then on nobody is let in without a key, and somebody must be able to make the others.");
        }
    }

    private static Task AnswerAsync(HttpContext context, KeyItem key, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(context, key, RestJson.Answers.KeyItem, status);
    }
}

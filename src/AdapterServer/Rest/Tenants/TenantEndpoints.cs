using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterServer.Rest.Tenants;

/// <summary><c>/v1/tenants</c>: what operators set for tenants; <c>/v1/usage</c>: what each may see of that.</summary>
internal static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants").WithTags("tenants").Needs(AccessScopes.Operator);
        group.MapGet("", ListAsync).WithName("ListTenants").Produces<TenantList>();
        group.MapGet("/{tenant}", GetAsync).WithName("GetTenant").Produces<TenantItem>();
        group.MapPut("/{tenant}", PutAsync).WithName("PutTenant").TakesJson(TenantSchemas.Settings).Produces<TenantItem>();
        group.MapDelete("/{tenant}", DeleteAsync).WithName("DeleteTenant").Produces<AdapterDeleted>();
        routes.MapGet("/v1/usage", UsageAsync).WithTags("tenants").WithName("GetUsage").Needs(AccessScopes.Infer).Produces<OwnUsage>();
    }

    private static Task ListAsync(HttpContext context, ServingModel model)
    {
        var (names, hasMore) = Page.Of(context.Request).Cut(model.Store.Tenants.List(), name => name);
        var items = names.Select(name => TenantItem.Of(model, name, model.Store.Tenants.Of(name))).ToList();
        return JsonAnswer.WriteAsync(context, new TenantList("list", items, hasMore), RestJson.Answers.TenantList);
    }

    private static async Task GetAsync(HttpContext context, ServingModel model, string tenant)
    {
        var profile = await model.LookAsync(() => model.Store.Tenants.Get(tenant), context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, model, tenant, profile).ConfigureAwait(false);
    }

    private static async Task PutAsync(HttpContext context, ServingModel model, string tenant)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var settings = TenantParser.Parse(body.RootElement);
        var profile = await model.Store.Tenants.PutAsync(Caller(context, model, tenant), settings, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, model, tenant, profile).ConfigureAwait(false);
    }

    private static async Task DeleteAsync(HttpContext context, ServingModel model, string tenant)
    {
        await model.Store.Tenants.DeleteAsync(Caller(context, model, tenant), context.RequestAborted).ConfigureAwait(false);
        await AdapterEndpoints.DeletedAsync(context, tenant, "tenant").ConfigureAwait(false);
    }

    private static Task UsageAsync(HttpContext context, ServingModel model)
    {
        var tenant = model.Principal.Tenant;
        var answer = new OwnUsage("usage", tenant, model.Store.Tenants.Of(tenant).Limits, TenantUsage.Of(model, tenant));
        return JsonAnswer.WriteAsync(context, answer, RestJson.Answers.OwnUsage);
    }

    private static Caller Caller(HttpContext context, ServingModel model, string tenant) =>
        new(tenant) { Actor = model.Principal.Actor, IfMatch = AdapterUpload.IfMatch(context.Request) };

    private static Task AnswerAsync(HttpContext context, ServingModel model, string tenant, TenantProfile profile)
    {
        context.Response.Headers.ETag = $"\"r{profile.Revision}\"";
        return JsonAnswer.WriteAsync(context, TenantItem.Of(model, tenant, profile), RestJson.Answers.TenantItem);
    }
}

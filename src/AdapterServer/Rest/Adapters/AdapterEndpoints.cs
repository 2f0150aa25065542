using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Inspection;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>Adapters, their versions, aliases and place in memory.</summary>
internal static class AdapterEndpoints
{
    public static void MapAdapters(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/adapters").WithTags("adapters");
        group.MapGet("", ListAsync).WithName("ListAdapters").Needs(AccessScopes.Infer).Produces<AdapterList>();
        group.MapPut("/{name}", AdapterUpload.PutAsync).WithName("PutAdapter").Needs(AccessScopes.Upload).Takes(OtherSchemas.Upload).TakesQuery("lower", OtherSchemas.Lower)
            .TakesHeader("X-AdapterServe-Signature", OtherSchemas.Signature).Produces<AdapterDescriptor>().Produces<AdapterDescriptor>(StatusCodes.Status201Created);
        group.MapGet("/{name}", GetAsync).WithName("GetAdapter").Needs(AccessScopes.Infer).Produces<AdapterDescriptor>();
        group.MapDelete("/{name}", DeleteAsync).WithName("DeleteAdapter").Needs(AccessScopes.Upload).TakesQuery("purge", OtherSchemas.Purge).Produces<AdapterDeleted>();
        group.MapPatch("/{name}", AdapterLife.PatchAsync).WithName("UpdateAdapter").Needs(AccessScopes.Upload).TakesJson(OtherSchemas.Settings).Produces<AdapterDescriptor>();
        group.MapPost("/{name}:restore", AdapterLife.RestoreAsync).WithName("RestoreAdapter").Needs(AccessScopes.Upload).Produces<AdapterDescriptor>();
        group.MapPost("/{name}:verify", AdapterLife.VerifyAsync).WithName("VerifyAdapter").Needs(AccessScopes.Upload).Produces<AdapterDescriptor>();
        routes.MapGet("/v1/adapters:events", AdapterEvents.GetAsync).WithTags("adapters").WithName("FollowAdapters").Needs(AccessScopes.Upload).TakesQuery("after", OtherSchemas.After);
        routes.MapGet("/v1/audit", AuditEndpoint.GetAsync).WithTags("adapters").WithName("ReadAudit").Needs(AccessScopes.Admin).Produces<AuditList>();
        group.MapGet("/{name}/inspect", InspectAsync).WithName("InspectAdapter").Needs(AccessScopes.Infer).Produces<AdapterInspection>();
        group.MapGet("/{name}/versions", ListVersionsAsync).WithName("ListAdapterVersions").Needs(AccessScopes.Infer).Produces<AdapterList>();
        group.MapGet("/{name}/versions/{version}", GetVersionAsync).WithName("GetAdapterVersion").Needs(AccessScopes.Infer).Produces<AdapterDescriptor>();
        group.MapDelete("/{name}/versions/{version}", DeleteVersionAsync).WithName("DeleteAdapterVersion").Needs(AccessScopes.Upload).TakesQuery("purge", OtherSchemas.Purge).Produces<AdapterDeleted>();
        group.MapPut("/{name}/aliases/{alias}", AdapterAliases.PutAsync).WithName("PutAdapterAlias").Needs(AccessScopes.Upload).TakesJson(OtherSchemas.Alias).Produces<AdapterAlias>();
        group.MapDelete("/{name}/aliases/{alias}", AdapterAliases.DeleteAsync).WithName("DeleteAdapterAlias").Needs(AccessScopes.Upload).Produces<AdapterDeleted>();
        routes.MapPost("/v1/adapters:compose", AdapterCompose.PostAsync).WithTags("adapters").WithName("ComposeAdapter").Needs(AccessScopes.Upload)
            .TakesJson(OtherSchemas.Compose).Produces<AdapterDescriptor>().Produces<AdapterDescriptor>(StatusCodes.Status201Created);
        group.MapPost("/{name}:load", LoadAsync).WithName("LoadAdapter").Needs(AccessScopes.Upload).Produces<AdapterResidency>();
        group.MapPost("/{name}:unload", UnloadAsync).WithName("UnloadAdapter").Needs(AccessScopes.Upload).Produces<AdapterResidency>();
        group.MapPost("/{name}:pin", PinAsync).WithName("PinAdapter").Needs(AccessScopes.Upload).Produces<AdapterResidency>();
        group.MapPost("/{name}:fuse", AdapterFusing.FuseAsync).WithName("FuseAdapter").Needs(AccessScopes.Operator).Produces<AdapterFusion>();
        group.MapPost("/{name}:unfuse", AdapterFusing.UnfuseAsync).WithName("UnfuseAdapter").Needs(AccessScopes.Operator).Produces<AdapterFusion>();
    }

    private static Task ListAsync(HttpContext context, ServingModel model)
    {
        var query = context.Request.Query;
        var filter = AdapterFilter.Of(query["prefix"], query["label"], query["kind"], query["state"]);
        var tenant = AdapterPlace.Namespace(model.Principal, query["namespace"]);
        return AnswerAsync(context, model, model.Fused.List(tenant, filter), adapter => adapter.Name);
    }

    private static async Task ListVersionsAsync(HttpContext context, ServingModel model, string name)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        var versions = await model.LookAsync(() => model.Store.Catalog.Versions(place.Tenant, place.Name), context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, model, versions, adapter => $"{adapter.Version}").ConfigureAwait(false);
    }

    private static async Task GetAsync(HttpContext context, ServingModel model, string name)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        var adapter = await model.LookAsync(() => model.Store.Catalog.Get(place.Tenant, place.Name), context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, model, adapter).ConfigureAwait(false);
    }

    private static async Task GetVersionAsync(HttpContext context, ServingModel model, string name, string version)
    {
        var (catalog, place) = (model.Store.Catalog, AdapterPlace.OfPath(model.Principal, name));
        var adapter = await model.LookAsync(() => catalog.Get(place.Tenant, place.Name, version), context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, model, adapter).ConfigureAwait(false);
    }

    private static async Task InspectAsync(HttpContext context, ServingModel model, string name)
    {
        var inspection = await model.Store.Inspector.InspectAsync(await ResolveAsync(context, model, name).ConfigureAwait(false), context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, inspection, RestJson.Answers.AdapterInspection).ConfigureAwait(false);
    }

    private static async Task DeleteAsync(HttpContext context, ServingModel model, string name)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        model.Fused.RequireDeletable(place.Tenant, place.Name, null);
        var (catalog, caller) = (model.Store.Catalog, place.Caller(context.Request));
        await (IsForGood(context.Request)
            ? catalog.PurgeAsync(caller, place.Name, context.RequestAborted)
            : catalog.DeleteAsync(caller, place.Name, context.RequestAborted)).ConfigureAwait(false);
        await DeletedAsync(context, name, "adapter").ConfigureAwait(false);
    }

    private static async Task DeleteVersionAsync(HttpContext context, ServingModel model, string name, string version)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        model.Fused.RequireDeletable(place.Tenant, place.Name, version);
        var (catalog, caller) = (model.Store.Catalog, place.Caller(context.Request));
        await (IsForGood(context.Request)
            ? catalog.PurgeAsync(caller, place.Name, version, context.RequestAborted)
            : catalog.DeleteAsync(caller, place.Name, version, context.RequestAborted)).ConfigureAwait(false);
        await DeletedAsync(context, $"{name}@{version}", "adapter.version").ConfigureAwait(false);
    }

    /// <summary><c>?purge=true</c>: nothing is kept that could be restored.</summary>
    private static bool IsForGood(HttpRequest request) => request.Query["purge"].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw ApiException.Invalid("purge", "'purge' is true or false."),
    };

    private static async Task LoadAsync(HttpContext context, ServingModel model, string name)
    {
        var version = await ResolveAsync(context, model, name).ConfigureAwait(false);
        await model.Store.Cache.LoadAsync(version, context.RequestAborted).ConfigureAwait(false);
        await ResidencyAsync(context, model, version).ConfigureAwait(false);
    }

    private static async Task UnloadAsync(HttpContext context, ServingModel model, string name)
    {
        var version = await ResolveAsync(context, model, name).ConfigureAwait(false);
        model.Store.Cache.Unload(version.WeightsDigest);
        await ResidencyAsync(context, model, version).ConfigureAwait(false);
    }

    private static async Task PinAsync(HttpContext context, ServingModel model, string name)
    {
        var version = await ResolveAsync(context, model, name).ConfigureAwait(false);
        await model.Store.Cache.PinAsync(version, context.RequestAborted).ConfigureAwait(false);
        await ResidencyAsync(context, model, version).ConfigureAwait(false);
    }

    /// <summary>A reference as in a request's <c>model</c> field.</summary>
    internal static Task<AdapterVersion> ResolveAsync(HttpContext context, ServingModel model, string name) =>
        model.FindAdapterAsync(RouteName.Decode(name), context.RequestAborted);

    private static Task AnswerAsync(
        HttpContext context, ServingModel model, IReadOnlyList<AdapterDescriptor> all, Func<AdapterDescriptor, string> name)
    {
        var (found, hasMore) = Page.Of(context.Request).Cut(all, name);
        var items = found.Select(model.Fused.Shown).ToList();
        return JsonAnswer.WriteAsync(context, new AdapterList("list", items, hasMore), RestJson.Answers.AdapterList);
    }

    internal static Task AnswerAsync(HttpContext context, ServingModel model, AdapterDescriptor adapter)
    {
        context.Response.Headers.ETag = $"\"{adapter.Digest}\"";
        return JsonAnswer.WriteAsync(context, model.Fused.Shown(adapter), RestJson.Answers.AdapterDescriptor);
    }

    internal static Task DeletedAsync(HttpContext context, string id, string word) =>
        JsonAnswer.WriteAsync(context, new AdapterDeleted(RouteName.Decode(id), word, true), RestJson.Answers.AdapterDeleted);

    private static Task ResidencyAsync(HttpContext context, ServingModel model, AdapterVersion version) =>
        JsonAnswer.WriteAsync(
            context, new AdapterResidency(version.Name, version.Number, version.Digest, model.Store.Cache.Contains(version.WeightsDigest)), RestJson.Answers.AdapterResidency);
}

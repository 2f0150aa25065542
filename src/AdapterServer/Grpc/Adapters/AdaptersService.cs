using System.Text.Json;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Messages;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Uploads;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Adapters;

/// <summary><c>adapterserve.v1.Adapters</c>.</summary>
[Needs(AccessScopes.Upload)]
internal sealed class AdaptersService(ServingModel model) : Wire.Adapters.AdaptersBase
{
    [Needs(AccessScopes.Infer)]
    public override Task<Wire.ListAdaptersResponse> List(Wire.ListAdaptersRequest request, ServerCallContext context) =>
        Task.FromResult(Answer(
            model.Fused.List(
                AdapterPlace.Namespace(model.Principal, request.Namespace), AdapterFilter.Of(request.Prefix, request.Labels, request.Kind, request.State)),
            adapter => adapter.Name,
            request.Limit,
            request.After));

    [Needs(AccessScopes.Infer)]
    public override async Task<Wire.ListAdaptersResponse> ListVersions(Wire.ListVersionsRequest request, ServerCallContext context)
    {
        var (catalog, place) = (model.Store.Catalog, Place(request.Name));
        var versions = await model.LookAsync(() => catalog.Versions(place.Tenant, place.Name), context.CancellationToken).ConfigureAwait(false);
        return Answer(versions, adapter => $"{adapter.Version}", request.Limit, request.After);
    }

    [Needs(AccessScopes.Infer)]
    public override async Task<Wire.Adapter> Get(Wire.GetAdapterRequest request, ServerCallContext context)
    {
        var (catalog, place) = (model.Store.Catalog, Place(request.Name));
        return Shown(await model.LookAsync(Look, context.CancellationToken).ConfigureAwait(false));

        AdapterDescriptor Look() => request.Version.Length == 0
            ? catalog.Get(place.Tenant, place.Name)
            : catalog.Get(place.Tenant, place.Name, request.Version);
    }

    public override async Task<Wire.UploadResponse> Upload(IAsyncStreamReader<Wire.UploadRequest> requestStream, ServerCallContext context)
    {
        var parts = new UploadParts(requestStream);
        var start = await parts.ReadStartAsync(context.CancellationToken).ConfigureAwait(false);
        var caller = Place(start.Name).Caller(start.HasIfMatch ? start.IfMatch : null);
        using var files = model.Store.Uploads.Begin();
        if (start.HasLower)
        {
            files.AskFor(LowerOption.Parse(start.Lower));
        }

        await parts.StageAsync(files, context.CancellationToken).ConfigureAwait(false);
        var upload = model.Store.Uploads.PutAsync(caller, Place(start.Name).Name, files, caller.IfMatch, context.CancellationToken);
        return Shown(await upload.ConfigureAwait(false));
    }

    public override async Task<Wire.DeleteAdapterResponse> Delete(Wire.DeleteAdapterRequest request, ServerCallContext context)
    {
        var (catalog, place) = (model.Store.Catalog, Place(request.Name));
        var caller = place.Caller(request.HasIfMatch ? request.IfMatch : null);
        model.Fused.RequireDeletable(place.Tenant, place.Name, request.Version.Length == 0 ? null : request.Version);
        var deletion = request.Version.Length == 0
            ? catalog.DeleteAsync(caller, place.Name, context.CancellationToken)
            : catalog.DeleteAsync(caller, place.Name, request.Version, context.CancellationToken);
        await deletion.ConfigureAwait(false);
        return new Wire.DeleteAdapterResponse();
    }

    public override async Task<Wire.Adapter> SetAlias(Wire.SetAliasRequest request, ServerCallContext context)
    {
        var targets = Targets(request);
        var place = Place(request.Name);
        var caller = place.Caller(request.HasIfMatch ? request.IfMatch : null);
        var change = model.Store.Catalog.SetAliasAsync(caller, place.Name, request.Alias, targets, context.CancellationToken);
        return Shown(await change.ConfigureAwait(false));
    }

    public override async Task<Wire.DeleteAliasResponse> DeleteAlias(Wire.DeleteAliasRequest request, ServerCallContext context)
    {
        var place = Place(request.Name);
        var caller = place.Caller(request.HasIfMatch ? request.IfMatch : null);
        await model.Store.Catalog.RemoveAliasAsync(caller, place.Name, request.Alias, context.CancellationToken).ConfigureAwait(false);
        return new Wire.DeleteAliasResponse();
    }

    public override async Task<Wire.UploadResponse> Compose(Wire.ComposeRequest request, ServerCallContext context)
    {
        using var body = MessageJson.Write(request);
        var asked = MixtureParser.Parse(new JsonFields(body.RootElement)) ?? throw ApiException.Missing("adapters");
        var mixture = await model.LookAsync(() => AdapterResolver.Whole(model, asked), context.CancellationToken).ConfigureAwait(false);
        var (place, ifMatch) = (Place(request.Name), request.HasIfMatch ? request.IfMatch : null);
        var upload = model.Store.Compositions.StoreAsync(place.Caller(ifMatch), place.Name, mixture, ifMatch, context.CancellationToken);
        return Shown(await upload.ConfigureAwait(false));
    }

    [Needs(AccessScopes.Infer)]
    public override async Task<Struct> Inspect(Wire.InspectAdapterRequest request, ServerCallContext context)
    {
        var version = await model.FindAdapterAsync(Required(request.Name), context.CancellationToken).ConfigureAwait(false);
        var inspection = await model.Store.Inspector.InspectAsync(version, context.CancellationToken).ConfigureAwait(false);
        return Struct.Parser.ParseJson(JsonSerializer.Serialize(inspection, RestJson.Answers.AdapterInspection));
    }

    private static AliasTarget[] Targets(Wire.SetAliasRequest request) => (request.Version.Length, request.Versions.Count) switch
    {
        (0, 0) => throw ApiException.Missing("version"),
        (0, _) => [.. request.Versions.Select(target => new AliasTarget(target.Version, target.Weight))],
        (_, 0) => [new AliasTarget(request.Version, 1)],
        _ => throw ApiException.Invalid("versions", AdapterAliases.BothGiven),
    };

    private AdapterPlace Place(string name) => AdapterPlace.Of(model.Principal, Required(name));

    private static string Required(string name) => name.Length > 0 ? name : throw ApiException.Missing("name");

    private Wire.Adapter Shown(AdapterDescriptor adapter) => AdapterMessages.Of(model.Fused.Shown(adapter));

    private Wire.UploadResponse Shown(UploadResult result) => new() { Adapter = Shown(result.Descriptor), Created = result.Created };

    private Wire.ListAdaptersResponse Answer(IReadOnlyList<AdapterDescriptor> all, Func<AdapterDescriptor, string> name, int limit, string after)
    {
        var (items, hasMore) = Page.Of(limit, after).Cut(all, name);
        return new Wire.ListAdaptersResponse { Adapters = { items.Select(Shown) }, HasMore = hasMore };
    }
}

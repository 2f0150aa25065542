using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Messages;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Lowering;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Adapters;

/// <summary><c>adapterserve.v1.Adapters</c>.</summary>
internal sealed class AdaptersService(ServingModel model) : Wire.Adapters.AdaptersBase
{
    private const string Tenant = "default";

    public override Task<Wire.ListAdaptersResponse> List(Wire.ListAdaptersRequest request, ServerCallContext context) =>
        Answer(model.Store.Catalog.List(Tenant), adapter => adapter.Name, request.Limit, request.After);

    public override Task<Wire.ListAdaptersResponse> ListVersions(Wire.ListVersionsRequest request, ServerCallContext context) =>
        Answer(model.Store.Catalog.Versions(Tenant, Own(request.Name)), adapter => $"{adapter.Version}", request.Limit, request.After);

    public override Task<Wire.Adapter> Get(Wire.GetAdapterRequest request, ServerCallContext context)
    {
        var (catalog, name) = (model.Store.Catalog, Own(request.Name));
        return Task.FromResult(Shown(request.Version.Length == 0 ? catalog.Get(Tenant, name) : catalog.Get(Tenant, name, request.Version)));
    }

    public override async Task<Wire.UploadResponse> Upload(IAsyncStreamReader<Wire.UploadRequest> requestStream, ServerCallContext context)
    {
        var parts = new UploadParts(requestStream);
        var start = await parts.ReadStartAsync(context.CancellationToken).ConfigureAwait(false);
        using var files = model.Store.Uploads.Begin();
        if (start.HasLower)
        {
            files.AskFor(LowerOption.Parse(start.Lower));
        }

        await parts.StageAsync(files, context.CancellationToken).ConfigureAwait(false);
        var ifMatch = start.HasIfMatch ? start.IfMatch : null;
        return AdapterMessages.Of(await model.Store.Uploads.PutAsync(Tenant, Own(start.Name), files, ifMatch, context.CancellationToken).ConfigureAwait(false));
    }

    public override async Task<Wire.DeleteAdapterResponse> Delete(Wire.DeleteAdapterRequest request, ServerCallContext context)
    {
        var (catalog, name) = (model.Store.Catalog, Own(request.Name));
        model.Fused.RequireDeletable(name, request.Version.Length == 0 ? null : request.Version);
        var deletion = request.Version.Length == 0 ? catalog.DeleteAsync(Tenant, name, context.CancellationToken) : catalog.DeleteAsync(Tenant, name, request.Version, context.CancellationToken);
        await deletion.ConfigureAwait(false);
        return new Wire.DeleteAdapterResponse();
    }

    public override async Task<Wire.Adapter> SetAlias(Wire.SetAliasRequest request, ServerCallContext context)
    {
        var version = request.Version.Length > 0 ? request.Version : throw ApiException.Missing("version");
        return AdapterMessages.Of(await model.Store.Catalog.SetAliasAsync(Tenant, Own(request.Name), request.Alias, version, context.CancellationToken).ConfigureAwait(false));
    }

    public override async Task<Wire.DeleteAliasResponse> DeleteAlias(Wire.DeleteAliasRequest request, ServerCallContext context)
    {
        await model.Store.Catalog.RemoveAliasAsync(Tenant, Own(request.Name), request.Alias, context.CancellationToken).ConfigureAwait(false);
        return new Wire.DeleteAliasResponse();
    }

    public override async Task<Wire.UploadResponse> Compose(Wire.ComposeRequest request, ServerCallContext context)
    {
        using var body = MessageJson.Write(request);
        var mixture = AdapterResolver.Whole(model, MixtureParser.Parse(new JsonFields(body.RootElement)) ?? throw ApiException.Missing("adapters"));
        var ifMatch = request.HasIfMatch ? request.IfMatch : null;
        return AdapterMessages.Of(await model.Store.Compositions.StoreAsync(Tenant, Own(request.Name), mixture, ifMatch, context.CancellationToken).ConfigureAwait(false));
    }

    public override async Task<Struct> Inspect(Wire.InspectAdapterRequest request, ServerCallContext context)
    {
        var inspection = await model.Store.Inspector.InspectAsync(model.Store.Catalog.Resolve(Tenant, Required(request.Name)), context.CancellationToken).ConfigureAwait(false);
        return Struct.Parser.ParseJson(JsonSerializer.Serialize(inspection, RestJson.Answers.AdapterInspection));
    }

    private static string Own(string name) => OwnNames.Of(Required(name));

    private static string Required(string name) => name.Length > 0 ? name : throw ApiException.Missing("name");

    private Wire.Adapter Shown(AdapterDescriptor adapter) => AdapterMessages.Of(model.Fused.Shown(adapter));

    private Task<Wire.ListAdaptersResponse> Answer(IReadOnlyList<AdapterDescriptor> all, Func<AdapterDescriptor, string> name, int limit, string after)
    {
        var (items, hasMore) = Page.Of(limit, after).Cut(all, name);
        return Task.FromResult(new Wire.ListAdaptersResponse { Adapters = { items.Select(Shown) }, HasMore = hasMore });
    }
}

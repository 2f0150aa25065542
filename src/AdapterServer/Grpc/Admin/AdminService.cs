using AdapterServe.AdapterServer.Access;
using System.Reflection;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Rest;
using AdapterServe.AdapterServer.Rest.Models;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Adapters;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Admin;

/// <summary><c>adapterserve.v1.Admin</c>.</summary>
[Needs(AccessScopes.Upload)]
internal sealed class AdminService(ServingModel model) : Wire.Admin.AdminBase
{
    /// <summary>Of this build.</summary>
    public static string Version { get; } = typeof(AdminService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    [Needs(AccessScopes.Operator)]
    public override Task<Wire.GetServerResponse> GetServer(Wire.GetServerRequest request, ServerCallContext context) => Task.FromResult(new Wire.GetServerResponse
    {
        Version = Version,
        Model = model.Base.Id,
        ContextTokens = model.Facts.ContextTokens,
        VocabularySize = model.Facts.VocabularySize,
        ReadySince = Timestamp.FromDateTimeOffset(model.Created),
        Running = model.Counters.Running,
        Waiting = model.Counters.Waiting,
        FreeBlocks = model.Counters.FreeBlocks,
        TotalBlocks = model.Counters.TotalBlocks,
    });

    [Needs(AccessScopes.Infer)]
    public override Task<Wire.ListModelsResponse> ListModels(Wire.ListModelsRequest request, ServerCallContext context)
    {
        var (items, hasMore) = Page.Of(request.Limit, request.After).Cut(ModelCards.All(model), card => card.Id);
        return Task.FromResult(new Wire.ListModelsResponse { Models = { items.Select(Of) }, HasMore = hasMore });
    }

    [Needs(AccessScopes.Infer)]
    public override async Task<Wire.Model> GetModel(Wire.GetModelRequest request, ServerCallContext context) =>
        Of(await ModelCards.FindAsync(model, request.Id, context.CancellationToken).ConfigureAwait(false));

    public override async Task<Wire.ResidencyResponse> LoadAdapter(Wire.ResidencyRequest request, ServerCallContext context)
    {
        var version = await ResolveAsync(request, context).ConfigureAwait(false);
        await model.Store.Cache.LoadAsync(version, context.CancellationToken).ConfigureAwait(false);
        return Residency(version);
    }

    public override async Task<Wire.ResidencyResponse> UnloadAdapter(Wire.ResidencyRequest request, ServerCallContext context)
    {
        var version = await ResolveAsync(request, context).ConfigureAwait(false);
        model.Store.Cache.Unload(version.WeightsDigest);
        return Residency(version);
    }

    public override async Task<Wire.ResidencyResponse> PinAdapter(Wire.ResidencyRequest request, ServerCallContext context)
    {
        var version = await ResolveAsync(request, context).ConfigureAwait(false);
        await model.Store.Cache.PinAsync(version, context.CancellationToken).ConfigureAwait(false);
        return Residency(version);
    }

    private static Wire.Model Of(ModelCard card)
    {
        var message = new Wire.Model
        {
            Id = card.Id, Created = card.Created, OwnedBy = card.OwnedBy, Root = card.Root, MaxModelLen = card.MaxModelLen, VocabSize = card.VocabSize,
        };
        if (card.Parent is { } parent)
        {
            message.Parent = parent;
        }

        return message;
    }

    private Task<AdapterVersion> ResolveAsync(Wire.ResidencyRequest request, ServerCallContext context) =>
        model.FindAdapterAsync(request.Name.Length > 0 ? request.Name : throw ApiException.Missing("name"), context.CancellationToken);

    private Wire.ResidencyResponse Residency(AdapterVersion version) =>
        new() { Name = version.Name, Version = version.Number, Digest = version.Digest, Loaded = model.Store.Cache.Contains(version.WeightsDigest) };
}

using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Quotas;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Engine;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Everything that requests are served with; there once the server is ready. Each request gets it in its caller's name. Thread safe.</summary>
internal sealed record ServingModel
{
    private const string AdapterNotFound = "adapter_not_found";

    /// <summary>Who asks: names are looked up, changes made and work is queued in this name.</summary>
    public Principal Principal { get; init; } = Principal.Local;

    /// <summary>Who is let in.</summary>
    public required AccessControl Access { get; init; }

    public required ServerOptions Options { get; init; }

    public required BaseModel Base { get; init; }

    /// <summary>Tokenizers and chat templates.</summary>
    public required ServingTexts Texts { get; init; }

    /// <summary>Of the base.</summary>
    public ModelFacts Facts => Texts.Base.Facts;

    public required AdapterStorage Store { get; init; }

    public required EngineClient Engine { get; init; }

    public required FusedAdapters Fused { get; init; }

    public required EngineCounters Counters { get; init; }

    /// <summary>What tenants use of their limits here.</summary>
    public required TenantMeters Meters { get; init; }

    /// <summary>The headers of the caller's answer; null where it has none of its own.</summary>
    public IHeaderDictionary? AnswerHeaders { get; init; }

    /// <summary>When the server became ready; the base's <c>created</c>.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>In the name of a request's caller.</summary>
    public ServingModel For(HttpContext? context) => this with { Principal = Principal.Of(context), AnswerHeaders = context!.Response.Headers };

    /// <summary>
    /// The adapter version that a <c>model</c> field means, or null for the base.
    /// <b>Errors</b>: 404 <c>model_not_found</c>; Unservable for an adapter of another base; 400 and 404 where a task is missing, wrong or out of place.
    /// </summary>
    /// <param name="model">The field.</param>
    /// <param name="key">Who gets the same version of an alias that means two: the request's <c>user</c>, or the request itself.</param>
    public AdapterVersion? ResolveAdapter(string model, string? key = null) => Find(model, (tenant, reference) => Store.Catalog.Resolve(tenant, reference, key));

    /// <summary>As <see cref="ResolveAdapter"/>, for a description, which needs no task.</summary>
    public AdapterDescriptor? DescribeAdapter(string model) => Find(model, Store.Catalog.Describe);

    /// <summary>The adapter version that a reference means, never the base. <b>Errors</b>: the catalog's own.</summary>
    public Task<AdapterVersion> FindAdapterAsync(string reference, CancellationToken cancellationToken) =>
        LookAsync(() => Store.Catalog.Resolve(TenantOf(reference), reference), cancellationToken);

    /// <summary>A look at the catalog. Where it finds nothing, another one with what other replicas have changed meanwhile.</summary>
    public Task<T> LookAsync<T>(Func<T> look, CancellationToken cancellationToken) => LookAsync(() => ValueTask.FromResult(look()), cancellationToken);

    /// <summary>The same, where what is found has to be read.</summary>
    public async Task<T> LookAsync<T>(Func<ValueTask<T>> look, CancellationToken cancellationToken)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (Exception missing) when (missing is AdapterStoreException { Kind: AdapterErrorKind.NotFound } or ApiException { Status: StatusCodes.Status404NotFound })
        {
            if (!await Store.Catalog.TryCatchUpAsync(cancellationToken).ConfigureAwait(false))
            {
                throw;
            }
        }

        return await look().ConfigureAwait(false);
    }

    /// <summary>In which tenant's name the catalog is asked: what an operator may read is there for its owner.</summary>
    public string TenantOf(string reference) => AdapterPlace.Of(Principal, reference).Tenant is not AdapterNames.SharedTenant and var tenant ? tenant : Principal.Tenant;

    private T? Find<T>(string model, Func<string, string, T> find)
        where T : class
    {
        if (model == Base.Id)
        {
            return null;
        }

        try
        {
            return find(TenantOf(model), model);
        }
        catch (AdapterStoreException e) when (e.Code == AdapterNotFound)
        {
            var shown = model.Length <= 200 ? model : model[..200] + "…";
            throw new ApiException(404, ErrorCodes.ModelNotFound, $"The model '{shown}' does not exist; GET /v1/models lists those that do.", "model");
        }
        catch (AdapterStoreException e) when (e.Kind is AdapterErrorKind.NotFound or AdapterErrorKind.Malformed)
        {
            throw new ApiException(e.Kind == AdapterErrorKind.NotFound ? 404 : 400, e.Code, e.Message, "model");
        }
    }
}

using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Composition;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary><c>POST /v1/adapters:compose</c>: several adapters become one that is stored under a name, as if it had been uploaded.</summary>
internal static class AdapterCompose
{
    public static async Task PostAsync(HttpContext context, ServingModel model)
    {
        var (name, mixture) = await ReadAsync(context, model).ConfigureAwait(false);
        var place = AdapterPlace.Of(model.Principal, name);
        var result = await model.Store.Compositions
            .StoreAsync(place.Caller(context.Request), place.Name, mixture, AdapterUpload.IfMatch(context.Request), context.RequestAborted).ConfigureAwait(false);
        await AdapterUpload.AnswerAsync(context, model, result).ConfigureAwait(false);
    }

    private static async Task<(string Name, AdapterMixture Mixture)> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var fields = new JsonFields(body.RootElement);
        var name = fields.RequiredString("name");
        var request = MixtureParser.Parse(fields) ?? throw ApiException.Missing("adapters");
        return (name, await model.LookAsync(() => AdapterResolver.Whole(model, request), context.RequestAborted).ConfigureAwait(false));
    }
}

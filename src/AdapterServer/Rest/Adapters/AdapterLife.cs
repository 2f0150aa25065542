using System.Globalization;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>What happens to an adapter beside uploads: its settings, coming back after a deletion, another verification.</summary>
internal static class AdapterLife
{
    public static async Task PatchAsync(HttpContext context, ServingModel model, string name)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        var settings = await ReadAsync(context, model).ConfigureAwait(false);
        var adapter = await model.Store.Catalog.UpdateAsync(place.Caller(context.Request), place.Name, settings, context.RequestAborted).ConfigureAwait(false);
        await AdapterEndpoints.AnswerAsync(context, model, adapter).ConfigureAwait(false);
    }

    /// <summary><c>name:restore</c> the adapter, <c>name@3:restore</c> one version.</summary>
    public static async Task RestoreAsync(HttpContext context, ServingModel model, string name)
    {
        var (place, selector) = Split(model, name);
        int? number = selector is null ? null
            : int.TryParse(selector, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : throw ApiException.Invalid("name", "A deleted version is restored by its number, as in name@3:restore.");
        var adapter = await model.Store.Catalog.RestoreAsync(place.Caller(context.Request), place.Name, number, context.RequestAborted).ConfigureAwait(false);
        await AdapterEndpoints.AnswerAsync(context, model, adapter).ConfigureAwait(false);
    }

    /// <summary>The current version, or <c>name@version</c>.</summary>
    public static async Task VerifyAsync(HttpContext context, ServingModel model, string name)
    {
        var (place, selector) = Split(model, name);
        var adapter = await model.Store.Uploads.VerifyAsync(place.Caller(context.Request), place.Name, selector, context.RequestAborted).ConfigureAwait(false);
        await AdapterEndpoints.AnswerAsync(context, model, adapter).ConfigureAwait(false);
    }

    private static (AdapterPlace Place, string? Selector) Split(ServingModel model, string name)
    {
        var parts = RouteName.Decode(name).Split('@', 2);
        return (AdapterPlace.Of(model.Principal, parts[0]), parts.Length > 1 ? parts[1] : null);
    }

    private static async Task<AdapterSettings> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var fields = new JsonFields(body.RootElement);
        return new AdapterSettings(fields.Labels("labels"), fields.Has("pinned") ? fields.Bool("pinned", absent: false) : null, fields.Int("priority", -1_000_000, 1_000_000));
    }
}

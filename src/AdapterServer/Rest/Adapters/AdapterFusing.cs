using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary><c>POST /v1/adapters/{name}:fuse</c> and <c>:unfuse</c>: an adapter goes into the base's weights, and out again.</summary>
internal static class AdapterFusing
{
    private const string Tenant = "default";

    public static async Task FuseAsync(HttpContext context, ServingModel model, string name)
    {
        var version = model.Store.Catalog.Resolve(Tenant, RouteName.Decode(name));
        var time = await model.Fused.FuseAsync(version, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, version, true, time).ConfigureAwait(false);
    }

    public static async Task UnfuseAsync(HttpContext context, ServingModel model, string name)
    {
        var (version, time) = await model.Fused.UnfuseAsync(RouteName.Decode(name)).ConfigureAwait(false);
        await AnswerAsync(context, version, false, time).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, AdapterVersion version, bool fused, TimeSpan time) => JsonAnswer.WriteAsync(
        context, new AdapterFusion(version.Name, version.Number, version.Digest, fused, time.TotalMilliseconds), RestJson.Answers.AdapterFusion);
}

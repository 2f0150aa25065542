using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary><c>POST /v1/adapters/{name}:fuse</c> and <c>:unfuse</c>: an adapter goes into the base's weights, and out again.</summary>
internal static class AdapterFusing
{
    private const string Tenant = "default";

    public static async Task FuseAsync(HttpContext context, ServingModel model, string name)
    {
        var version = model.Store.Catalog.Resolve(Tenant, RouteName.Decode(name));
        var time = await model.Fused.FuseAsync(version, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, new AdapterFusion(version.Name, version.Number, version.Digest, true, time.TotalMilliseconds)).ConfigureAwait(false);
    }

    public static async Task UnfuseAsync(HttpContext context, ServingModel model, string name)
    {
        var (version, time) = await model.Fused.UnfuseAsync(RouteName.Decode(name)).ConfigureAwait(false);
        await AnswerAsync(context, new AdapterFusion(version.Name, version.Number, version.Digest, false, time.TotalMilliseconds)).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, AdapterFusion answer) => JsonAnswer.WriteAsync(context, answer, RestJson.Answers.AdapterFusion);
}

using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary><c>POST /v1/adapters/{name}:fuse</c> and <c>:unfuse</c>: an adapter goes into the base's weights, and out again.</summary>
internal static class AdapterFusing
{
    public static async Task FuseAsync(HttpContext context, ServingModel model, string name)
    {
        var version = await AdapterEndpoints.ResolveAsync(context, model, name).ConfigureAwait(false);
        var time = await model.Fused.FuseAsync(version, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, version, true, time).ConfigureAwait(false);
    }

    public static async Task UnfuseAsync(HttpContext context, ServingModel model, string name)
    {
        var reference = RouteName.Decode(name);
        var target = await model.LookAsync(() => model.Fused.Find(model.TenantOf(reference), reference), context.RequestAborted).ConfigureAwait(false);
        var time = await model.Fused.UnfuseAsync(target).ConfigureAwait(false);
        await AnswerAsync(context, target.Version, false, time).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, AdapterVersion version, bool fused, TimeSpan time) => JsonAnswer.WriteAsync(
        context, new AdapterFusion(version.Name, version.Number, version.Digest, fused, time.TotalMilliseconds), RestJson.Answers.AdapterFusion);
}

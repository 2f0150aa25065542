using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>An adapter's aliases: of one version, or of two that share the requests.</summary>
internal static class AdapterAliases
{
    public const string BothGiven = "'version' and 'versions' both say what the alias means; give one of them.";

    private const int MostTargets = 2;

    public static async Task PutAsync(HttpContext context, ServingModel model, string name, string alias)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        var targets = await ReadAsync(context, model).ConfigureAwait(false);
        var adapter = await model.Store.Catalog.SetAliasAsync(place.Caller(context.Request), place.Name, alias, targets, context.RequestAborted).ConfigureAwait(false);
        var answer = new AdapterAlias(adapter.Name, alias, adapter.Version, adapter.Digest, adapter.Revision);
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.AdapterAlias).ConfigureAwait(false);
    }

    public static async Task DeleteAsync(HttpContext context, ServingModel model, string name, string alias)
    {
        var place = AdapterPlace.OfPath(model.Principal, name);
        await model.Store.Catalog.RemoveAliasAsync(place.Caller(context.Request), place.Name, alias, context.RequestAborted).ConfigureAwait(false);
        await AdapterEndpoints.DeletedAsync(context, $"{name}@{alias}", "adapter.alias").ConfigureAwait(false);
    }

    /// <summary>The body <c>{"version": 3}</c> or <c>{"versions": [{"version": 3, "weight": 90}, {"version": 4, "weight": 10}]}</c>; a version may also be a digest or another alias.</summary>
    private static async Task<AliasTarget[]> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var fields = new JsonFields(body.RootElement);
        if (!fields.TryGet("versions", out var versions))
        {
            return [new AliasTarget(Version(fields), 1)];
        }

        if (fields.Has("version"))
        {
            throw ApiException.Invalid("versions", BothGiven);
        }

        return versions.ValueKind == JsonValueKind.Array && versions.GetArrayLength() is > 0 and <= MostTargets
            ? [.. versions.EnumerateArray().Select(Target)]
            : throw ApiException.Invalid("versions", $"'versions' is a list of one or {MostTargets} versions with their weights.");
    }

    private static AliasTarget Target(JsonElement element, int index)
    {
        var fields = element.ValueKind == JsonValueKind.Object
            ? new JsonFields(element, $"versions[{index}].")
            : throw ApiException.WrongType($"versions[{index}]", "an object");
        return new AliasTarget(Version(fields), fields.Int("weight", 1, int.MaxValue) ?? throw ApiException.Missing(fields.Path("weight")));
    }

    private static string Version(JsonFields fields)
    {
        if (!fields.TryGet("version", out var value))
        {
            throw ApiException.Missing(fields.Path("version"));
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString()! : $"{fields.Int("version", 1, int.MaxValue)}";
    }
}

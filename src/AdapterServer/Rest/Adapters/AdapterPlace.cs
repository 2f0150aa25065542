using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>Where a path's name leads: <c>name</c> and <c>default/name</c> into the caller's own namespace, <c>shared/name</c> into the one that everybody reads.</summary>
internal readonly record struct AdapterPlace(string Tenant, string Name)
{
    public const string Shared = "shared";

    private const string Own = "default";

    public static AdapterPlace Of(string name)
    {
        var decoded = RouteName.Decode(name);
        foreach (var tenant in new[] { Own, Shared })
        {
            if (decoded.StartsWith(tenant + "/", StringComparison.Ordinal))
            {
                return new AdapterPlace(tenant, decoded[(tenant.Length + 1)..]);
            }
        }

        return new AdapterPlace(Own, decoded);
    }

    /// <summary>Who changes it: without keys the server listens on the loopback interface only, and whoever reaches it is its operator.</summary>
    public Caller Caller(HttpRequest request) => new(Tenant) { Actor = Own, IfMatch = AdapterUpload.IfMatch(request) };
}

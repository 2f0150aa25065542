using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>
/// Where a name leads: <c>name</c> and <c>default/name</c> into the caller's own namespace, <c>shared/name</c> into the one that everybody reads.
/// </summary>
internal readonly record struct AdapterPlace(string Tenant, string Name)
{
    public const string Shared = "shared";

    private const string Own = "default";

    /// <summary>A name out of a path.</summary>
    public static AdapterPlace OfPath(string name) => Of(RouteName.Decode(name));

    public static AdapterPlace Of(string name)
    {
        foreach (var tenant in new[] { Own, Shared })
        {
            if (name.StartsWith(tenant + "/", StringComparison.Ordinal))
            {
                return new AdapterPlace(tenant, name[(tenant.Length + 1)..]);
            }
        }

        return new AdapterPlace(Own, name);
    }

    /// <summary>The namespace that a list is asked of. <b>Errors</b>: 400 for one that is not the caller's to read.</summary>
    public static string Namespace(string? asked) => asked switch
    {
        null or "" or Own => Own,
        Shared => Shared,
        _ => throw ApiException.Invalid("namespace", $"'namespace' is {Own} or {Shared}."),
    };

    /// <summary>Who changes it: without keys the server listens on the loopback interface only, and whoever reaches it is its operator.</summary>
    public Caller Caller(string? ifMatch) => new(Tenant) { Actor = Own, IfMatch = ifMatch };

    public Caller Caller(HttpRequest request) => Caller(AdapterUpload.IfMatch(request));
}

using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>
/// Where a name leads: <c>name</c> and <c>own-tenant/name</c> into the caller's namespace, <c>shared/name</c> into the one that everybody reads, for operators <c>tenant/name</c> into any.
/// A name of a namespace that the caller may not read is one of the caller's own that can't exist, so nobody learns what is there.
/// </summary>
internal readonly record struct AdapterPlace(Principal Principal, string Tenant, string Name)
{
    /// <summary>A name out of a path.</summary>
    public static AdapterPlace OfPath(Principal principal, string name) => Of(principal, RouteName.Decode(name));

    public static AdapterPlace Of(Principal principal, string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && principal.MayRead(name[..slash])
            ? new AdapterPlace(principal, name[..slash], name[(slash + 1)..])
            : new AdapterPlace(principal, principal.Tenant, name);
    }

    /// <summary>The namespace that a list is asked of. <b>Errors</b>: 400 for one that is not the caller's to read.</summary>
    public static string Namespace(Principal principal, string? asked) => string.IsNullOrEmpty(asked) ? principal.Tenant
        : principal.MayRead(asked) ? asked
        : throw ApiException.Invalid("namespace", $"'namespace' is {principal.Tenant} or {AdapterNames.SharedTenant}.");

    /// <summary>Who changes it. <b>Errors</b>: as <see cref="Principal.RequireWrite"/>.</summary>
    public Caller Caller(string? ifMatch)
    {
        Principal.RequireWrite(Tenant);
        return new Caller(Tenant) { Actor = Principal.Actor, IfMatch = ifMatch };
    }

    public Caller Caller(HttpRequest request) => Caller(AdapterUpload.IfMatch(request));
}

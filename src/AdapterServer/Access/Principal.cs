using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterServer.Access;

/// <summary>In whose name a request runs, and what it may do. Set for each request by <see cref="AccessMiddleware"/>.</summary>
/// <param name="Tenant">Whose namespace bare names lead into.</param>
/// <param name="Actor">Who, for the audit log.</param>
/// <param name="Scopes">What it may do.</param>
internal sealed record Principal(string Tenant, string Actor, AccessScopes Scopes)
{
    /// <summary>The tenant where nobody is asked who they are.</summary>
    public const string DefaultTenant = "default";

    /// <summary>Without keys the server listens on the loopback interface only: whoever reaches it is its operator, and there are no other tenants.</summary>
    public static Principal Local { get; } = new(DefaultTenant, DefaultTenant, AccessScopes.Operator);

    public bool IsOperator => Scopes.HasFlag(AccessScopes.Operator);

    /// <summary>Of a request to an endpoint that is not open.</summary>
    public static Principal Of(HttpContext? context) =>
        context?.Features.Get<Principal>() ?? throw new InvalidOperationException("Nobody was asked for: the endpoint is open, or there is no request.");

    public bool Has(AccessScopes scope) => IsOperator || Scopes.HasFlag(scope);

    /// <summary>Whether names may lead into a tenant's namespace.</summary>
    public bool MayRead(string tenant) => tenant == Tenant || tenant == AdapterNames.SharedTenant || (IsOperator && this != Local && AdapterNames.IsTenant(tenant));

    /// <summary><b>Errors</b>: 403 <c>insufficient_scope</c>.</summary>
    public void Require(AccessScopes scope)
    {
        if (!Has(scope))
        {
            throw new ApiException(StatusCodes.Status403Forbidden, ErrorCodes.InsufficientScope, $"This needs the scope '{scope.ToString().ToLowerInvariant()}', which the credentials lack.");
        }
    }

    /// <summary><b>Errors</b>: 403 <c>shared_read_only</c>: what everybody reads is the operators' to write.</summary>
    public void RequireWrite(string tenant)
    {
        if (tenant == AdapterNames.SharedTenant && !IsOperator)
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden, ErrorCodes.SharedReadOnly, $"Adapters of '{AdapterNames.SharedTenant}/' are there for all tenants; only operators change them.");
        }
    }
}

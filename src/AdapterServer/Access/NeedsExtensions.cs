using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Access;

/// <summary>Says of routes what their callers need.</summary>
internal static class NeedsExtensions
{
    /// <summary>As <see cref="NeedsAttribute"/>; what stands nearer to an endpoint counts.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder endpoints, AccessScopes scope)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new NeedsAttribute(scope));
}

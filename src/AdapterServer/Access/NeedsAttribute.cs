using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Access;

/// <summary>What a caller of an endpoint needs; <see cref="AccessScopes.None"/> opens it to everybody. An endpoint that does not say is the operators'.</summary>
/// <param name="scope">One scope.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, Inherited = false)]
internal sealed class NeedsAttribute(AccessScopes scope) : Attribute
{
    public AccessScopes Scope { get; } = scope;

    public static AccessScopes Of(Endpoint endpoint) => endpoint.Metadata.GetMetadata<NeedsAttribute>()?.Scope ?? AccessScopes.Operator;
}

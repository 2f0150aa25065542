namespace AdapterServe.AdapterServer.Rest.Tenants;

/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">By name.</param>
/// <param name="HasMore">True when a page ends before the list does.</param>
internal sealed record TenantList(string Object, IReadOnlyList<TenantItem> Data, bool HasMore);

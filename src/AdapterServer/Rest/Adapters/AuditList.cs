namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">Oldest first.</param>
/// <param name="HasMore">True when more follow.</param>
internal sealed record AuditList(string Object, IReadOnlyList<AuditItem> Data, bool HasMore);

using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>One entry of the audit log; see <see cref="AuditEntry"/>.</summary>
internal sealed record AuditItem(long Id, string HappenedAt, string Actor, string Action, string Name, long? Version, string? Digest, string Outcome, string? Detail)
{
    public static AuditItem Of(AuditEntry entry) =>
        new(entry.Revision, entry.HappenedAt, entry.Actor, entry.Action, entry.Name, entry.Version, entry.Digest, entry.Outcome, entry.Detail);
}

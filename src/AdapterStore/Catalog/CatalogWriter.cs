using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Changes of names: decided on what the registry has now, not on what the snapshot had, and in the snapshot when they return.</summary>
internal sealed class CatalogWriter(AdapterRegistry registry, CatalogSnapshot snapshot)
{
    /// <param name="caller">Who; the condition is checked here.</param>
    /// <param name="name">Of which adapter.</param>
    /// <param name="action">What the audit log calls it.</param>
    /// <param name="change">Decides and writes, given what there is: null for a name that was never used. May be called twice.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    /// <returns>What there is afterwards.</returns>
    public async Task<AdapterEntry> ChangeAsync(
        Caller caller, string name, string action, Func<AdapterChange, AdapterEntry?, Task<ChangedVersion>> change, CancellationToken cancellationToken)
    {
        try
        {
            var rows = await registry.ChangeAsync(caller.Tenant, name, DecideAsync, cancellationToken).ConfigureAwait(false);
            var after = AdapterEntry.From(rows ?? throw new InvalidOperationException("A change left no row of its name."), snapshot.Rules);
            snapshot.Apply(after);
            return after;
        }
        catch (AdapterStoreException refusal) when (refusal.Kind is AdapterErrorKind.Conflict or AdapterErrorKind.PreconditionFailed or AdapterErrorKind.QuotaExceeded)
        {
            await RefuseAsync(caller, name, action, refusal).ConfigureAwait(false);
            throw;
        }

        async Task<AuditEntry> DecideAsync(AdapterChange transaction)
        {
            var before = transaction.Before is { } known ? AdapterEntry.From(known, snapshot.Rules) : null;
            RequireMatch(name, before, caller.IfMatch);
            var changed = await change(transaction, before).ConfigureAwait(false);
            return new AuditEntry(caller.Actor, action, changed.Number, changed.Digest, Detail: changed.Detail);
        }
    }

    /// <summary>Writes down that something was refused; where that can't be done the refusal stands all the same.</summary>
    public async Task RefuseAsync(Caller caller, string name, string action, AdapterStoreException refusal)
    {
        try
        {
            var entry = new AuditEntry(caller.Actor, action, Outcome: refusal.Code, Detail: refusal.Message) { Tenant = caller.Tenant, Name = name };
            await registry.RefuseAsync(entry, CancellationToken.None).ConfigureAwait(false);
        }
        catch (AdapterStoreException)
        {
            // The database is away or its disk full.
        }
    }

    /// <summary><b>Errors</b>: PreconditionFailed <c>digest_mismatch</c>.</summary>
    public static void RequireMatch(string name, AdapterEntry? entry, string? ifMatch)
    {
        if (ifMatch is null || entry is { IsThere: true } && entry.Matches(ifMatch))
        {
            return;
        }

        throw new AdapterStoreException(
            AdapterErrorKind.PreconditionFailed,
            "digest_mismatch",
            entry is not { IsThere: true }
                ? $"There is no adapter '{name}' that If-Match could hold for."
                : $"The current digest of '{name}' is {entry.Current.Version.Digest} and its revision r{entry.Revision}; If-Match names neither.");
    }
}

/// <summary>What a change was about, for the audit log.</summary>
/// <param name="Number">Which version; null for the current one afterwards.</param>
/// <param name="Digest">Its content.</param>
/// <param name="Detail">More, for a person.</param>
internal sealed record ChangedVersion(int? Number, string? Digest, string? Detail = null);

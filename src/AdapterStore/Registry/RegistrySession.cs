using System.Data.Common;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>A connection for a while; disposing gives it back.</summary>
internal readonly struct RegistrySession(DbConnection connection, Func<ValueTask> giveBack) : IAsyncDisposable
{
    public DbConnection Connection { get; } = connection;

    public ValueTask DisposeAsync() => giveBack();
}

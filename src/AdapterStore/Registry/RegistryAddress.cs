namespace AdapterServe.AdapterStore.Registry;

/// <summary>What the registry's option means.</summary>
internal static class RegistryAddress
{
    private const string FileName = "registry.db";

    /// <summary>A connection string has assignments of which one names the host; anything else is a file's path. <b>Errors</b>: those of the databases.</summary>
    public static RegistryDatabase Open(AdapterStoreOptions options, TimeProvider time)
    {
        if (options.Registry is not { Length: > 0 } address)
        {
            return new SqliteDatabase(Path.Combine(options.DataDirectory, FileName), isShared: false, time);
        }

        return IsConnectionString(address) ? new PostgresDatabase(address) : new SqliteDatabase(Path.GetFullPath(address), isShared: true, time);
    }

    /// <summary>The file that holds it, or null where a database server does.</summary>
    public static string? FileOf(AdapterStoreOptions options) => options.Registry is not { Length: > 0 } address
        ? Path.Combine(options.DataDirectory, FileName)
        : IsConnectionString(address) ? null : Path.GetFullPath(address);

    public static bool IsConnectionString(string address) =>
        address.Split(';').Any(part => part.TrimStart().StartsWith("Host", StringComparison.OrdinalIgnoreCase) && part.Contains('=', StringComparison.Ordinal));
}

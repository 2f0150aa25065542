namespace AdapterServe.AdapterStore.Registry;

/// <summary>Looks at a registry and changes nothing.</summary>
public static class RegistryCheck
{
    /// <summary>
    /// Whether there is one whose schema this server knows. <b>Errors</b>: Unavailable when the database does not answer; Conflict (<c>registry_schema</c>) for one of a newer server or another line of development.
    /// </summary>
    /// <returns>The schema steps that it has and those that this server knows; it gets the others when a server starts. Zero where there is no registry yet.</returns>
    public static async Task<(int Has, int Known)> RunAsync(AdapterStoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var known = MigrationSteps.All.Length;
        if (RegistryAddress.FileOf(options) is { } file && !File.Exists(file))
        {
            return (0, known);
        }

        using var database = RegistryAddress.Open(options, TimeProvider.System);
        return (await Migrations.AppliedAsync(database, cancellationToken).ConfigureAwait(false), known);
    }
}

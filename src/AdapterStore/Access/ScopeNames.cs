namespace AdapterServe.AdapterStore.Access;

/// <summary>Scopes as people and tokens write them: <c>infer upload admin operator</c>.</summary>
public static class ScopeNames
{
    private static readonly (AccessScopes Scope, string Name)[] s_all =
        [(AccessScopes.Infer, "infer"), (AccessScopes.Upload, "upload"), (AccessScopes.Admin, "admin"), (AccessScopes.Operator, "operator")];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> All { get; } = [.. s_all.Select(entry => entry.Name)];

    /// <summary>The names of the scopes, in a fixed order.</summary>
    public static IReadOnlyList<string> Of(AccessScopes scopes) => [.. s_all.Where(entry => scopes.HasFlag(entry.Scope)).Select(entry => entry.Name)];

    /// <summary>Null for any other word.</summary>
    public static AccessScopes? Find(string name)
    {
        foreach (var entry in s_all)
        {
            if (entry.Name == name)
            {
                return entry.Scope;
            }
        }

        return null;
    }
}

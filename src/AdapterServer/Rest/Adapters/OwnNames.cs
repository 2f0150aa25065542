namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>Names of adapters as their owner may write them.</summary>
internal static class OwnNames
{
    private const string Namespace = "default/";

    /// <summary>The name in the caller's own namespace; <c>default/name</c> is one too.</summary>
    public static string Of(string name) => name.StartsWith(Namespace, StringComparison.Ordinal) ? name[Namespace.Length..] : name;
}

namespace AdapterServe.AdapterServer.Rest;

/// <summary>Names in paths.</summary>
internal static class RouteName
{
    /// <summary>The server leaves an escaped slash escaped; a name such as <c>shared%2Fpirate</c> means the slash.</summary>
    public static string Decode(string value) => value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}

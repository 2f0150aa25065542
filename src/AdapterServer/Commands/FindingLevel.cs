namespace AdapterServe.AdapterServer.Commands;

/// <summary>What a finding means for a server.</summary>
public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It will serve, slower or with less than it could.</summary>
    Warning,

    /// <summary>It will not start, or not serve.</summary>
    Failure,
}

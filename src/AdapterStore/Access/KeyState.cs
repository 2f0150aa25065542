namespace AdapterServe.AdapterStore.Access;

/// <summary>What a key that somebody shows is.</summary>
public enum KeyState
{
    /// <summary>No such key, or another secret.</summary>
    Unknown,

    /// <summary>The right secret of a key whose time is over.</summary>
    Expired,

    /// <summary>The right secret of a key that was revoked.</summary>
    Revoked,

    /// <summary>To be let in.</summary>
    Good,
}

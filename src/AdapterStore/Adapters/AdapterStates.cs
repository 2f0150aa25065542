namespace AdapterServe.AdapterStore.Adapters;

/// <summary>The states of a version.</summary>
public static class AdapterStates
{
    /// <summary>Requests may use it.</summary>
    public const string Ready = "ready";

    /// <summary>Its stored files could not be loaded; requests are refused with the reason until a verification succeeds.</summary>
    public const string Quarantined = "quarantined";

    /// <summary>Hidden; it can be restored until it is purged.</summary>
    public const string Deleted = "deleted";
}

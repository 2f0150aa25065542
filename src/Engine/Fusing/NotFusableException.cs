namespace AdapterServe.Engine.Fusing;

/// <summary>An adapter that the base's weights can't hold, or a server that was not started for it. The message says which, and what to do.</summary>
public sealed class NotFusableException(string message) : Exception(message)
{
    /// <summary>Whether it is the server that fuses nothing.</summary>
    public bool IsOff { get; init; }
}

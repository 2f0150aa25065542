namespace AdapterServe.Engine.Requests;

/// <summary>The engine does not take the request now: the queue is full, or the server is stopping.</summary>
public sealed class EngineBusyException(bool stopping, string message) : Exception(message)
{
    /// <summary>True when the server is stopping (503), false when the queue is full (429).</summary>
    public bool Stopping { get; } = stopping;
}

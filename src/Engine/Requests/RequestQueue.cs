using System.Collections.Concurrent;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// The bounded way into the engine, for requests and for what the base's weights are to hold for those behind.
/// <b>Laws</b>: at most <c>capacity</c> requests are inside the engine, waiting or running; one more is refused. A request stands behind the switch
/// to what it was made for.
/// </summary>
internal sealed class RequestQueue(int capacity) : IDisposable
{
    private readonly ConcurrentQueue<Arrival> _arrived = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Lock _gate = new();
    private int _inFlight;
    private FusedTarget? _target;
    private bool _closed;

    public bool IsEmpty => _arrived.IsEmpty;

    /// <summary>What the base's weights hold for a request that enters now; null is the base alone.</summary>
    public FusedTarget? Target => Volatile.Read(ref _target);

    /// <summary>
    /// Any thread. False when <see cref="Target"/> is another one by now. <b>Errors</b>: <see cref="EngineBusyException"/> when full or closed.
    /// </summary>
    public bool TryEnter(Sequence sequence, FusedTarget? target)
    {
        lock (_gate)
        {
            RequireOpen();
            if (target != _target)
            {
                return false;
            }

            if (Volatile.Read(ref _inFlight) >= capacity)
            {
                throw new EngineBusyException(stopping: false, $"The server has {capacity} requests in hand already; try again in a moment.");
            }

            Interlocked.Increment(ref _inFlight);
            _arrived.Enqueue(new Arrival(sequence, null));
        }

        Wake();
        return true;
    }

    /// <summary>
    /// Any thread. From now on requests must be for the switch's target. <b>Errors</b>: <see cref="EngineBusyException"/> when closed.
    /// </summary>
    public void Enter(WeightSwitch change)
    {
        lock (_gate)
        {
            RequireOpen();
            _arrived.Enqueue(new Arrival(null, change));
            Volatile.Write(ref _target, change.Target);
        }

        Wake();
    }

    /// <summary>After a switch that failed: what the weights hold instead.</summary>
    public void Correct(FusedTarget? held)
    {
        lock (_gate)
        {
            Volatile.Write(ref _target, held);
        }
    }

    public bool TryTake(out Arrival arrival) => _arrived.TryDequeue(out arrival);

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

    private void RequireOpen()
    {
        if (_closed)
        {
            throw new EngineBusyException(stopping: true, "The server is stopping.");
        }
    }
}

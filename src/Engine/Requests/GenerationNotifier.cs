namespace AdapterServe.Engine.Requests;

/// <summary>
/// Wakes the consumers of generations, and releases the adapters of those that ended, on a thread of its own: both may allocate and take locks,
/// which the step path must not.
/// <b>Effects</b>: <see cref="Add"/> and <see cref="Flush"/> belong to the engine's thread and allocate nothing once the queue has grown to its working size.
/// </summary>
internal sealed class GenerationNotifier : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Thread _thread;
    private List<Generation> _added;
    private List<Generation> _waking;
    private bool _stopped;

    public GenerationNotifier(int capacity)
    {
        _added = new List<Generation>(capacity);
        _waking = new List<Generation>(capacity);
        _thread = new Thread(Run) { IsBackground = true, Name = "adapterserve-notify" };
        _thread.Start();
    }

    public void Add(Generation generation)
    {
        lock (_gate)
        {
            _added.Add(generation);
        }
    }

    /// <summary>Lets the thread wake everyone who was added since the last call.</summary>
    public void Flush()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _stopped, true);
        _signal.Release();
        _thread.Join();
        _signal.Dispose();
    }

    private void Run()
    {
        while (!Volatile.Read(ref _stopped))
        {
            _signal.Wait();
            WakeAdded();
        }

        WakeAdded();
    }

    private void WakeAdded()
    {
        lock (_gate)
        {
            (_added, _waking) = (_waking, _added);
        }

        foreach (var generation in _waking)
        {
            generation.Wake();
        }

        _waking.Clear();
    }
}

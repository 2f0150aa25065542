namespace AdapterServe.AdapterServer.Hosting;

/// <summary>
/// The phase, the model once there is one, and how many requests run. Thread safe.
/// </summary>
internal sealed class ServerState
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServerPhase _phase = ServerPhase.Starting;
    private ServingModel? _model;
    private int _running;

    public ServerPhase Phase
    {
        get
        {
            lock (_gate)
            {
                return _phase;
            }
        }
    }

    public int Running
    {
        get
        {
            lock (_gate)
            {
                return _running;
            }
        }
    }

    /// <summary>What requests are served with; only behind <see cref="RequestGate"/>, which turns requests away before it is there.</summary>
    public ServingModel Model => Volatile.Read(ref _model) ?? throw new InvalidOperationException("The model is not there yet.");

    /// <summary>From now on requests are answered. Does nothing once the server stops.</summary>
    public void BecomeReady(ServingModel model)
    {
        lock (_gate)
        {
            Volatile.Write(ref _model, model);
            if (_phase == ServerPhase.Starting)
            {
                _phase = ServerPhase.Ready;
            }
        }
    }

    /// <summary>From now on new requests are turned away. The task ends when none runs any more.</summary>
    public Task BeginStopping()
    {
        lock (_gate)
        {
            _phase = ServerPhase.Stopping;
            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        return _idle.Task;
    }

    /// <summary>Counts a request in when the server is ready; otherwise says why not.</summary>
    public bool TryEnter(out ServerPhase phase)
    {
        lock (_gate)
        {
            phase = _phase;
            if (phase != ServerPhase.Ready)
            {
                return false;
            }

            _running++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_running == 0 && _phase == ServerPhase.Stopping)
            {
                _idle.TrySetResult();
            }
        }
    }
}

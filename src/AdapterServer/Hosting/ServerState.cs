namespace AdapterServe.AdapterServer.Hosting;

/// <summary>
/// The phase, the model once there is one, and how many requests run. Thread safe.
/// </summary>
internal sealed class ServerState
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    /// <summary>Ends at the next change of <see cref="Phase"/>; taken before the phase is looked at, it misses none.</summary>
    public Task NextPhase
    {
        get
        {
            lock (_gate)
            {
                return _change.Task;
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
                Change(ServerPhase.Ready);
            }
        }
    }

    /// <summary>From now on new requests are turned away. The task ends when none runs any more.</summary>
    public Task BeginStopping()
    {
        lock (_gate)
        {
            Change(ServerPhase.Stopping);
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

    /// <summary>Waits for a client, but not while the server stops. <b>Errors</b>: as <see cref="RequestGate.TurnedAway"/>.</summary>
    public async Task<T> UntilStopping<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var result = wait(waiting.Token);
        while (true)
        {
            var change = NextPhase;
            if (result.IsCompleted || await Task.WhenAny(result, Phase == ServerPhase.Stopping ? Task.CompletedTask : change).ConfigureAwait(false) == result)
            {
                return await result.ConfigureAwait(false);
            }

            if (Phase == ServerPhase.Stopping)
            {
                await waiting.CancelAsync().ConfigureAwait(false);
                await ((Task)result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw RequestGate.TurnedAway(ServerPhase.Stopping);
            }
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

    /// <summary>Within the gate.</summary>
    private void Change(ServerPhase phase)
    {
        _phase = phase;
        _change.TrySetResult();
        _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

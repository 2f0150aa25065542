using System.Collections.Concurrent;

namespace AdapterServe.GrpcCore.Tests.Support;

/// <summary>The machine's clock, whose timers go off when a test says so.</summary>
internal sealed class HeldTimers : TimeProvider
{
    private readonly ConcurrentQueue<HeldTimer> _timers = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HeldTimer(() => callback(state));
        _timers.Enqueue(timer);
        return timer;
    }

    /// <summary>All timers that wait.</summary>
    public void GoOff()
    {
        while (_timers.TryDequeue(out var timer))
        {
            timer.GoOff();
        }
    }

    private sealed class HeldTimer(Action callback) : ITimer
    {
        private volatile bool _isDisposed;

        public void GoOff()
        {
            if (!_isDisposed)
            {
                callback();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => !_isDisposed;

        public void Dispose() => _isDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

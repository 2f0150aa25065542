namespace Grpc.AspNetCore.Server.Calls;

/// <summary>
/// When a call ends whatever its handler does. <b>Effects</b>: cancels <see cref="Token"/> when the time comes or when the client goes away, and completes
/// <see cref="Passed"/> in the first case only.
/// </summary>
internal sealed class CallDeadline : IDisposable
{
    /// <summary>The longest that a timer can wait; a deadline behind it is none.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly CancellationTokenSource? _cancellation;
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _timer;

    public CallDeadline(TimeSpan? timeout, TimeProvider time, CancellationToken aborted)
    {
        (Utc, Token) = (DateTime.MaxValue, aborted);
        if (timeout is { } wait && wait <= s_longest)
        {
            _cancellation = CancellationTokenSource.CreateLinkedTokenSource(aborted);
            Token = _cancellation.Token;
            Utc = time.GetUtcNow().UtcDateTime + wait;
            _timer = time.CreateTimer(_ => Pass(), null, wait, Timeout.InfiniteTimeSpan);
        }
    }

    public DateTime Utc { get; }

    public CancellationToken Token { get; }

    public bool HasPassed => _passed.Task.IsCompleted;

    /// <summary>Null where there is no deadline.</summary>
    public Task? Passed => _timer is null ? null : _passed.Task;

    public void Dispose()
    {
        _timer?.Dispose();
        _cancellation?.Dispose();
    }

    private void Pass()
    {
        _passed.TrySetResult();
        try
        {
            _cancellation!.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended at this very moment.
        }
    }
}

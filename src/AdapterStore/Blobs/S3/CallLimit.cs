namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>Ends a call in which nothing happens any more, and one that takes too long as a whole.</summary>
internal sealed class CallLimit : IDisposable
{
    private const double LeastBytesPerSecond = 1 << 20;

    private readonly CancellationTokenSource _stop;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly TimeSpan _total;
    private readonly long _started;
    private readonly Lock _gate = new();
    private bool _isOver;

    /// <param name="patience">How long nothing may happen.</param>
    /// <param name="bytes">What is to be moved; each MiB adds a second to the whole.</param>
    /// <param name="cancellationToken">The caller's own.</param>
    public CallLimit(TimeSpan patience, long bytes, CancellationToken cancellationToken)
    {
        _time = TimeProvider.System;
        _patience = patience;
        _total = patience + TimeSpan.FromSeconds(bytes / LeastBytesPerSecond);
        _started = _time.GetTimestamp();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _stop.CancelAfter(patience);
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>Something happened. Any thread, also late.</summary>
    public void Progress()
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                var left = _total - _time.GetElapsedTime(_started);
                _stop.CancelAfter(left < TimeSpan.Zero ? TimeSpan.Zero : left < _patience ? left : _patience);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _stop.Dispose();
        }
    }
}

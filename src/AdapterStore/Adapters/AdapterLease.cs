namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// Keeps an adapter's weights in memory while a request uses them. Dispose exactly once, from any thread; further calls do nothing.
/// </summary>
public sealed class AdapterLease(AdapterWeights weights, Action release) : IDisposable
{
    private Action? _release = release;

    public AdapterWeights Weights { get; } = weights;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}

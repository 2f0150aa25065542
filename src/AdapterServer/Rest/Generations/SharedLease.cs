using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>One pin of an adapter shared by the sequences of a request; the pin ends when this and every taken lease are disposed. Thread safe.</summary>
internal sealed class SharedLease(AdapterLease lease) : IDisposable
{
    private int _holders = 1;
    private int _disposed;

    public AdapterWeights Weights => lease.Weights;

    public AdapterLease Take()
    {
        Interlocked.Increment(ref _holders);
        return new AdapterLease(lease.Weights, Release);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            lease.Dispose();
        }
    }
}

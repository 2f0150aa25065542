using System.Collections.Concurrent;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// The threads that load adapters and free what goes: however many adapters are cold, only as many read and pack beside the engine, and the thread
/// pool stays free for those who wait.
/// <b>Effects</b>: any thread; work begins in the order of its arrival. After <see cref="Dispose"/> what is queued still runs, and what comes runs on
/// the caller.
/// </summary>
internal sealed class LoadThreads : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    /// <param name="count">Two or more, so that a load that computes for seconds does not hold up those that only read.</param>
    public LoadThreads(int count)
    {
        for (var i = 0; i < count; i++)
        {
            new Thread(Run) { IsBackground = true, Name = "adapterserve-load" }.Start();
        }
    }

    public static int DefaultCount => Math.Clamp(Environment.ProcessorCount / 4, 2, 8);

    /// <param name="work">Throws nothing.</param>
    public void Add(Action work)
    {
        try
        {
            _work.Add(work);
        }
        catch (InvalidOperationException)
        {
            work();
        }
    }

    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}

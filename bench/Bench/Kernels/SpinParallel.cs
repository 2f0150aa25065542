using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Bench.Kernels;

/// <summary>
/// Threads that wait for work by spinning for some tens of microseconds and then sleep, as ONNX Runtime's do.
/// <b>Effects</b>: one caller at a time; no allocation in <see cref="For"/>.
/// </summary>
internal sealed unsafe class SpinParallel : IParallel, IDisposable
{
    private const int Spins = 20_000;
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);
    private delegate*<void*, int, void> _body;
    private void* _state;
    private int _tasks;
    private int _next;
    private int _running;
    private int _sleeping;
    private volatile int _generation;
    private volatile bool _stop;

    public SpinParallel(int threads)
    {
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Loop) { IsBackground = true };
            _workers[i].Start();
        }
    }

    public int Threads => _workers.Length + 1;

    public void For(int tasks, delegate*<void*, int, void> body, void* state)
    {
        _body = body;
        _state = state;
        _tasks = tasks;
        _next = -1;
        _running = _workers.Length;
        _generation++;
        Wake();
        Work();
        while (Volatile.Read(ref _running) != 0)
        {
            Thread.SpinWait(1);
        }
    }

    public void Dispose()
    {
        _stop = true;
        _generation++;
        if (_workers.Length > 0)
        {
            _wake.Release(_workers.Length);
        }

        foreach (var worker in _workers)
        {
            worker.Join();
        }

        _wake.Dispose();
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier();
        var sleeping = Interlocked.Exchange(ref _sleeping, 0);
        if (sleeping > 0)
        {
            _wake.Release(sleeping);
        }
    }

    private void Loop()
    {
        var seen = 0;
        while (true)
        {
            Await(seen);
            if (_stop)
            {
                return;
            }

            seen = _generation;
            Work();
            Interlocked.Decrement(ref _running);
        }
    }

    private void Await(int seen)
    {
        for (var i = 0; _generation == seen; i++)
        {
            if (i < Spins)
            {
                Thread.SpinWait(1);
                continue;
            }

            Interlocked.Increment(ref _sleeping);
            if (_generation != seen)
            {
                // Woken or not, the token is taken by the next sleeper at worst: it finds its generation unchanged and sleeps again.
                return;
            }

            _wake.Wait();
            i = 0;
        }
    }

    private void Work()
    {
        for (var task = Interlocked.Increment(ref _next); task < _tasks; task = Interlocked.Increment(ref _next))
        {
            _body(_state, task);
        }
    }
}

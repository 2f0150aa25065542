using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Kernels.Tests.Support;

/// <summary>Threads of its own, taking tasks from the last to the first, so that no test depends on the order of tasks.</summary>
internal sealed unsafe class ThreadParallel(int threads) : IParallel
{
    public int Threads => threads;

    /// <summary>Calls of <see cref="For"/> with more than one task.</summary>
    public int Calls { get; private set; }

    public void For(int tasks, delegate*<void*, int, void> body, void* state)
    {
        Calls++;
        var next = tasks;
        var workers = new Thread[threads - 1];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(Work);
            workers[i].Start();
        }

        Work();
        foreach (var worker in workers)
        {
            worker.Join();
        }

        void Work()
        {
            for (var task = Interlocked.Decrement(ref next); task >= 0; task = Interlocked.Decrement(ref next))
            {
                body(state, task);
            }
        }
    }
}

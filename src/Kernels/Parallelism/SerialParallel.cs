namespace AdapterServe.Kernels.Parallelism;

/// <summary>Runs every task on the calling thread, in order.</summary>
public sealed unsafe class SerialParallel : IParallel
{
    public int Threads => 1;

    public void For(int tasks, delegate*<void*, int, void> body, void* state)
    {
        for (var i = 0; i < tasks; i++)
        {
            body(state, i);
        }
    }
}

namespace AdapterServe.Kernels.Parallelism;

/// <summary>
/// <b>Semantics</b>: runs <c>body(state, i)</c> once for each i in [0, tasks), in any order, on the calling thread and up to <see cref="Threads"/> - 1 others,
/// and returns when all have run. <b>Effects</b>: no allocation; tasks see the caller's writes and the caller sees theirs.
/// <b>Errors</b>: the first exception of a task is rethrown to the caller.
/// </summary>
public unsafe interface IParallel
{
    /// <summary>How many threads may work at the same time, the caller included.</summary>
    int Threads { get; }

    void For(int tasks, delegate*<void*, int, void> body, void* state);
}

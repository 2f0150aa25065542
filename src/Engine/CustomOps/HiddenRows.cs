namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// What the head reads in this step, before any adapter changes it for the head alone: kept where a sequence of the step pools it. <b>Layout</b>: [rows that reach the head, H] in native
/// memory that grows to the largest need. <b>Effects</b>: planned anew for each step; allocates nothing in steady state.
/// </summary>
internal sealed unsafe class HiddenRows : IDisposable
{
    private readonly Workspace _memory = new();
    private int _columns;

    /// <summary>Whether a sequence of the step pools.</summary>
    public bool IsWanted { get; private set; }

    public void Plan(bool isWanted) => IsWanted = isWanted;

    public void Take(float* states, int rows, int columns)
    {
        var bytes = (long)rows * columns * sizeof(float);
        _columns = columns;
        Buffer.MemoryCopy(states, _memory.Ensure(bytes), bytes, bytes);
    }

    /// <summary>A row of the last step that was wanted.</summary>
    public ReadOnlySpan<float> Of(int row) => new((float*)_memory.Ensure(0) + ((long)row * _columns), _columns);

    public void Dispose() => _memory.Dispose();
}

using System.Runtime.InteropServices;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Native scratch memory of the step, shared by all ops since they run one after another. Grows to the largest need and stays; 64-byte aligned.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private const nuint Alignment = 64;
    private void* _memory;
    private long _bytes;

    ~Workspace() => Dispose();

    /// <summary>At least <paramref name="bytes"/> bytes, content undefined, valid until the next call.</summary>
    public void* Ensure(long bytes)
    {
        if (bytes > _bytes || _memory is null)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _bytes = Math.Max(bytes, _bytes * 2);
            _memory = NativeMemory.AlignedAlloc((nuint)Math.Max(_bytes, (long)Alignment), Alignment);
        }

        return _memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _bytes = 0;
        GC.SuppressFinalize(this);
    }
}

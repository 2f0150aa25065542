using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// <b>Semantics</b>: one node of a custom op in one session. <b>Effects</b>: <see cref="Compute"/> runs on the thread that runs the session (on several at
/// once only if the session's runs overlap) and should allocate nothing; the object is disposed with the session.
/// <b>Errors</b>: an exception fails the run and becomes the message of its <see cref="OnnxRuntimeException"/>.
/// </summary>
public abstract class CustomOpKernel : IDisposable
{
    internal OrtApi Api { get; set; }

    public abstract void Compute(in KernelContext context);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

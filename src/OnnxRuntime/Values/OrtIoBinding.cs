using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.OnnxRuntime.Values;

/// <summary>
/// <b>Semantics</b>: the values that the next runs of one session read and write; binding a name again replaces its value. A bound output must have exactly the
/// shape that the run computes. <b>Effects</b>: a bound value stays alive natively until it is replaced, cleared or this object is disposed (memory of the
/// caller's is the caller's to keep). For one thread at a time. <b>Errors</b>: <see cref="OnnxRuntimeException"/> at once for an unknown name of an input, at the run for what doesn't fit.
/// </summary>
public sealed unsafe class OrtIoBinding : IDisposable
{
    private readonly OrtApi _api;

    public OrtIoBinding(OrtSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _api = session.Api;
        void* binding;
        _api.Check(_api.CreateIoBinding(session.Handle.Pointer, &binding));
        Handle = new NativeHandle(binding, _api.ReleaseIoBinding, session.Handle);
    }

    internal NativeHandle Handle { get; }

    public void BindInput(string name, OrtValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var text = new NativeText(name);
        BindInput(text.Pointer, value.Handle.Pointer);
        GC.KeepAlive(value);
    }

    public void BindOutput(string name, OrtValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var text = new NativeText(name);
        BindOutput(text.Pointer, value.Handle.Pointer);
        GC.KeepAlive(value);
    }

    public void ClearInputs()
    {
        _api.ClearBoundInputs(Handle.Pointer);
        GC.KeepAlive(this);
    }

    public void ClearOutputs()
    {
        _api.ClearBoundOutputs(Handle.Pointer);
        GC.KeepAlive(this);
    }

    public void Dispose() => Handle.Dispose();

    internal void BindInput(byte* name, void* value)
    {
        _api.Check(_api.BindInput(Handle.Pointer, name, value));
        GC.KeepAlive(this);
    }

    internal void BindOutput(byte* name, void* value)
    {
        _api.Check(_api.BindOutput(Handle.Pointer, name, value));
        GC.KeepAlive(this);
    }
}

using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>Lets another thread end the runs that were given this object: <see cref="Terminate"/> makes them fail, and later ones too, until <see cref="Reset"/>.</summary>
public sealed unsafe class OrtRunOptions : IDisposable
{
    private readonly OrtApi _api;

    public OrtRunOptions(OrtEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _api = environment.Api;
        void* options;
        _api.Check(_api.CreateRunOptions(&options));
        Handle = new NativeHandle(options, _api.ReleaseRunOptions, environment.Handle);
    }

    internal NativeHandle Handle { get; }

    public void Terminate()
    {
        _api.Check(_api.RunOptionsSetTerminate(Handle.Pointer));
        GC.KeepAlive(this);
    }

    public void Reset()
    {
        _api.Check(_api.RunOptionsUnsetTerminate(Handle.Pointer));
        GC.KeepAlive(this);
    }

    public void Dispose() => Handle.Dispose();
}

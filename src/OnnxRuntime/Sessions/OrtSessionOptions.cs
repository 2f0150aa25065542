using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>
/// <b>Semantics</b>: how sessions are made. One object may serve several sessions and be disposed after the last was made.
/// <b>Effects</b>: added initializers and custom op domains stay alive (natively) until these options and every session made with them are disposed; the memory
/// under an initializer is the caller's to keep. <b>Errors</b>: <see cref="OnnxRuntimeException"/> for what ONNX Runtime refuses.
/// </summary>
public sealed unsafe class OrtSessionOptions : IDisposable
{
    private const int Parallel = 1;

    private readonly OrtApi _api;
    private readonly OrtEnvironment _environment;
    private readonly List<OrtValue> _initializers = [];
    private readonly List<CustomOpDomain> _domains = [];

    public OrtSessionOptions(OrtEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _environment = environment;
        _api = environment.Api;
        void* options;
        _api.Check(_api.CreateSessionOptions(&options));
        Handle = new NativeHandle(options, _api.ReleaseSessionOptions, environment.Handle);
    }

    internal NativeHandle Handle { get; }

    /// <summary>0: one thread per core. Not for sessions on the global pool.</summary>
    public void SetIntraOpThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        _api.Check(_api.SetIntraOpNumThreads(Handle.Pointer, threads));
    }

    public void SetInterOpThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        _api.Check(_api.SetInterOpNumThreads(Handle.Pointer, threads));
    }

    /// <summary>Needs an environment with <see cref="OrtEnvironmentOptions.GlobalThreads"/>.</summary>
    public void UseGlobalThreadPool() => _api.Check(_api.DisablePerSessionThreads(Handle.Pointer));

    public void SetOptimizationLevel(GraphOptimizationLevel level) => _api.Check(_api.SetSessionGraphOptimizationLevel(Handle.Pointer, (int)level));

    public void SetLoggingLevel(OrtLoggingLevel level) => _api.Check(_api.SetSessionLogSeverityLevel(Handle.Pointer, (int)level));

    /// <summary>Runs independent nodes on the inter-op threads; without this call nodes run one after another.</summary>
    public void RunNodesInParallel() => _api.Check(_api.SetSessionExecutionMode(Handle.Pointer, Parallel));

    /// <summary>The planner's memory pattern is per input shape: with shapes that differ at every run it only costs.</summary>
    public void DisableMemoryPattern() => _api.Check(_api.DisableMemPattern(Handle.Pointer));

    public void DisableCpuArena() => _api.Check(_api.DisableCpuMemArena(Handle.Pointer));

    /// <summary>A key of onnxruntime_session_options_config_keys.h, e.g. <c>session.disable_prepacking</c>.</summary>
    public void AddConfigEntry(string key, string value)
    {
        using var nativeKey = new NativeText(key);
        using var nativeValue = new NativeText(value);
        _api.Check(_api.AddSessionConfigEntry(Handle.Pointer, nativeKey.Pointer, nativeValue.Pointer));
    }

    public void EnableProfiling(string filePrefix)
    {
        using var prefix = new NativeText(filePrefix);
        _api.Check(_api.EnableProfiling(Handle.Pointer, prefix.Pointer));
    }

    /// <summary>Has the session write the graph that it made of the model.</summary>
    public void SaveOptimizedModel(string path)
    {
        using var text = new NativeText(path);
        _api.Check(_api.SetOptimizedModelFilePath(Handle.Pointer, text.Pointer));
    }

    /// <summary>
    /// Takes the place of the model's initializer of this name, whose type and shape it must have. The session reads the value's memory, and may make a copy of
    /// it in another layout (prepacking); changes after the session's creation have no defined effect.
    /// </summary>
    public void AddInitializer(string name, OrtValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var text = new NativeText(name);
        _api.Check(_api.AddInitializer(Handle.Pointer, text.Pointer, value.Handle.Pointer));
        _initializers.Add(value);
    }

    public void AddCustomOps(CustomOpDomain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        _api.Check(_api.AddCustomOpDomain(Handle.Pointer, domain.Handle.Pointer));
        _domains.Add(domain);
    }

    /// <summary>Puts CUDA before the CPU; needs the GPU library. Keys are those of ONNX Runtime's CUDA provider, e.g. <c>device_id</c>.</summary>
    public void AddCuda(params ReadOnlySpan<KeyValuePair<string, string>> settings)
    {
        void* cuda;
        _api.Check(_api.CreateCudaProviderOptions(&cuda));
        try
        {
            foreach (var (key, value) in settings)
            {
                using var nativeKey = new NativeText(key);
                using var nativeValue = new NativeText(value);
                var keyPointer = nativeKey.Pointer;
                var valuePointer = nativeValue.Pointer;
                _api.Check(_api.UpdateCudaProviderOptions(cuda, &keyPointer, &valuePointer, 1));
            }

            _api.Check(_api.AppendCudaProviderV2(Handle.Pointer, cuda));
        }
        finally
        {
            _api.ReleaseCudaProviderOptions(cuda);
        }
    }

    public void Dispose() => Handle.Dispose();

    internal Exception? TakeInferenceError()
    {
        Exception? first = null;
        foreach (var domain in _domains)
        {
            first ??= domain.TakeInferenceError();
        }

        return first;
    }

    /// <summary>What a session made with these options needs for its life.</summary>
    internal NativeHandle[] SessionOwners() =>
        [_environment.Handle, .. _domains.Select(domain => domain.Handle), .. _initializers.Select(value => value.Handle)];
}

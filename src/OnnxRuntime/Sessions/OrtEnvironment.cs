using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>
/// <b>Semantics</b>: loads ONNX Runtime and owns its environment: logging and, on request, a thread pool that sessions share.
/// <b>Effects</b>: ONNX Runtime has one environment a process; a second one, while the first lives, is the same again and its log and pool options are ignored.
/// It ends when it and all that was made with it are disposed. <b>Errors</b>: <see cref="DllNotFoundException"/> when there is no usable library.
/// </summary>
public sealed unsafe class OrtEnvironment : IDisposable
{
    public OrtEnvironment(OrtEnvironmentOptions? options = null)
    {
        options ??= new OrtEnvironmentOptions();
        LibraryPath = OnnxRuntimeLibrary.Find(options.LibraryPath);
        Api = OnnxRuntimeLibrary.Load(LibraryPath);
        Handle = new NativeHandle(Create(Api, options), Api.ReleaseEnv);
        CpuMemory = new OrtMemoryInfo(Api, Handle);
    }

    public string LibraryPath { get; }

    /// <summary>Host memory. Lives as long as the environment.</summary>
    public OrtMemoryInfo CpuMemory { get; }

    internal OrtApi Api { get; }

    internal NativeHandle Handle { get; }

    public void Dispose()
    {
        CpuMemory.Dispose();
        Handle.Dispose();
    }

    private static void* Create(OrtApi api, OrtEnvironmentOptions options)
    {
        using var logId = new NativeText(options.LogId);
        void* environment;
        if (options.GlobalThreads is not { } threads)
        {
            api.Check(api.CreateEnv((int)options.LoggingLevel, logId.Pointer, &environment));
            return environment;
        }

        void* threading;
        api.Check(api.CreateThreadingOptions(&threading));
        try
        {
            api.Check(api.SetGlobalIntraOpNumThreads(threading, threads));
            api.Check(api.SetGlobalInterOpNumThreads(threading, 1));
            api.Check(api.SetGlobalSpinControl(threading, options.GlobalThreadsSpin ? 1 : 0));
            api.Check(api.CreateEnvWithGlobalThreadPools((int)options.LoggingLevel, logId.Pointer, threading, &environment));
            return environment;
        }
        finally
        {
            api.ReleaseThreadingOptions(threading);
        }
    }
}

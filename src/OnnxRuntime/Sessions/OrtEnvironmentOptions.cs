namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>How to start ONNX Runtime.</summary>
public sealed record OrtEnvironmentOptions
{
    /// <summary>The native library's path; null: <see cref="OnnxRuntimeLibrary.Find(string?)"/> looks for it.</summary>
    public string? LibraryPath { get; init; }

    public OrtLoggingLevel LoggingLevel { get; init; } = OrtLoggingLevel.Warning;

    public string LogId { get; init; } = "adapterserve";

    /// <summary>Null: no global pool, each session has its own threads. 0: one thread per core. Sessions use the pool after <see cref="OrtSessionOptions.UseGlobalThreadPool"/>.</summary>
    public int? GlobalThreads { get; init; }

    /// <summary>Whether idle threads of the global pool spin before they sleep: faster steps, busy cores.</summary>
    public bool GlobalThreadsSpin { get; init; } = true;
}

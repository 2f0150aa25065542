namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>The least severe message that ONNX Runtime writes to stderr.</summary>
public enum OrtLoggingLevel
{
    Verbose,
    Info,
    Warning,
    Error,
    Fatal,
}

namespace AdapterServe.OnnxRuntime;

/// <summary>An error that ONNX Runtime returned: its code and, as the message, its own text (which holds the message of a custom op's exception).</summary>
public sealed class OnnxRuntimeException(OnnxRuntimeErrorCode code, string message) : Exception(message)
{
    public OnnxRuntimeErrorCode Code { get; } = code;
}

namespace AdapterServe.Engine;

/// <summary>The engine can't start: ONNX Runtime's library is missing or unusable, or it refuses the model. The message is a sentence for the operator.</summary>
public sealed class EngineStartException(string message, Exception inner) : Exception(message, inner);

namespace AdapterServe.Engine.Tokenization;

/// <summary>A tokenizer's files are missing, malformed or use a component that is not supported; the message is one sentence for the operator.</summary>
public sealed class TokenizerException(string message, Exception? inner = null) : Exception(message, inner);

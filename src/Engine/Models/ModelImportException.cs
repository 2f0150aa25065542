namespace AdapterServe.Engine.Models;

/// <summary>
/// A model folder that can't be imported.
/// </summary>
/// <param name="code">A stable word for programs, e.g. <c>tensor_missing</c>.</param>
/// <param name="message">One clear sentence: what is wrong and, where there is one, the cure.</param>
/// <param name="inner">What caused it, for the log.</param>
public sealed class ModelImportException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
}

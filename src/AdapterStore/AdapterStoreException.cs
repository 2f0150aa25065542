namespace AdapterServe.AdapterStore;

/// <summary>
/// A request that the store turned down.
/// </summary>
/// <param name="kind">What kind of refusal; decides the status.</param>
/// <param name="code">A stable word for programs, e.g. <c>unconverted_pissa</c>; listed in docs/errors.md.</param>
/// <param name="message">One clear sentence for a person: what is wrong and, where there is one, the cure.</param>
/// <param name="inner">What caused it, for the log.</param>
public sealed class AdapterStoreException(AdapterErrorKind kind, string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public AdapterErrorKind Kind { get; } = kind;

    public string Code { get; } = code;
}

namespace AdapterServe.Engine.ChatTemplates;

/// <summary>
/// A template is malformed, refuses the messages (<c>raise_exception</c>, whose text is the message then), or exceeds its limits.
/// </summary>
public sealed class ChatTemplateException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The template's own words about the messages, not a fault of the template.</summary>
    public bool RaisedByTemplate { get; init; }
}

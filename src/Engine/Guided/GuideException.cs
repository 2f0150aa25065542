namespace AdapterServe.Engine.Guided;

/// <summary>A regular expression, grammar or schema that can't be held to exactly, with one sentence that says why.</summary>
public sealed class GuideException(string message) : Exception(message);

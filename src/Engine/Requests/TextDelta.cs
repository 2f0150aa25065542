namespace AdapterServe.Engine.Requests;

/// <summary>A piece of a text generation.</summary>
/// <param name="Text">The text that these tokens released; may be empty.</param>
/// <param name="FirstToken">With <paramref name="EndToken"/>: the generated tokens [first, end) that came since the last piece.</param>
/// <param name="EndToken">One past the last token.</param>
public readonly record struct TextDelta(string Text, int FirstToken, int EndToken);

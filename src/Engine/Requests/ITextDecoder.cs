namespace AdapterServe.Engine.Requests;

/// <summary>
/// Turns one sequence's ids into text as they come. One sequence, one thread.
/// <b>Semantics</b>: the concatenation of everything returned is the text of all ids; no half of a character is ever returned before <see cref="Flush"/>.
/// </summary>
public interface ITextDecoder
{
    /// <summary>The text that <paramref name="id"/> completes; empty for a special token that is left out and for the first bytes of a character.</summary>
    string Append(int id);

    /// <summary>What is left: U+FFFD for bytes that never became a character.</summary>
    string Flush();
}

using System.Text;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// Finds the first stop string that completes in a growing text, and holds back text that may become the beginning of one.
/// <b>Semantics</b>: of the strings that complete at the same character the longest counts. The result doesn't depend on how the text is cut into pieces.
/// </summary>
internal sealed class StopMatcher(StopStrings stops)
{
    private readonly int[] _matched = new int[stops.Count];
    private readonly StringBuilder _held = new();

    /// <summary>The string that ended the text, or null.</summary>
    public string? Completed { get; private set; }

    /// <summary>
    /// Adds text. What can no longer be part of a stop string goes to <paramref name="released"/>.
    /// True when a stop string completes: then everything before it is released, and the matcher is spent.
    /// </summary>
    /// <param name="text">The next piece.</param>
    /// <param name="heed">False: a stop string that completes in this piece doesn't count.</param>
    /// <param name="released">Receives text.</param>
    public bool Append(string text, bool heed, StringBuilder released)
    {
        if (stops.Count == 0)
        {
            released.Append(text);
            return false;
        }

        foreach (var character in text)
        {
            _held.Append(character);
            var (open, complete) = Advance(character);
            if (complete > 0 && heed)
            {
                Completed = _held.ToString(_held.Length - complete, complete);
                _held.Length -= complete;
                Release(_held.Length, released);
                return true;
            }

            Release(_held.Length - open, released);
        }

        return false;
    }

    /// <summary>Releases everything that was held back: no more text comes.</summary>
    public void Flush(StringBuilder released) => Release(_held.Length, released);

    /// <summary>The longest beginning of a stop string that the text ends with, and the longest whole one; 0 for none.</summary>
    private (int Open, int Complete) Advance(char character)
    {
        var open = 0;
        var complete = 0;
        for (var i = 0; i < _matched.Length; i++)
        {
            _matched[i] = stops.Advance(i, _matched[i], character);
            if (_matched[i] == stops.Length(i))
            {
                complete = Math.Max(complete, _matched[i]);
            }

            open = Math.Max(open, _matched[i]);
        }

        return (open, complete);
    }

    private void Release(int count, StringBuilder released)
    {
        if (count > 0)
        {
            released.Append(_held, 0, count);
            _held.Remove(0, count);
        }
    }
}

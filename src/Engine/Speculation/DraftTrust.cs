namespace AdapterServe.Engine.Speculation;

/// <summary>
/// How many tokens are worth guessing for a sequence, by what became of its earlier guesses.
/// <b>Semantics</b>: a guess that held to its end allows one more token, one that did not as many as held and one more; after a guess of which nothing held, none
/// is made for a number of tokens that doubles each time.
/// </summary>
internal struct DraftTrust(int most)
{
    private const int LongestRest = 64;
    private int _next = Math.Min(most, 2);
    private int _rest;
    private int _nextRest = 1;

    /// <summary>Tokens to guess now; called once for each step of the sequence.</summary>
    public int Take()
    {
        if (_rest == 0)
        {
            return _next;
        }

        _rest--;
        return 0;
    }

    public void Learn(int guessed, int held)
    {
        if (held == 0)
        {
            (_rest, _nextRest) = (_nextRest, Math.Min(2 * _nextRest, LongestRest));
            return;
        }

        _nextRest = 1;
        _next = Math.Min(most, held == guessed ? Math.Max(_next, guessed) + 1 : held + 1);
    }
}

using System.Collections.Immutable;

namespace AdapterServe.Engine.Guided;

/// <summary>
/// Holds one answer to its automaton: which tokens may come next after those drawn so far. <b>Effects</b>: the engine's thread asks and advances; what may come next is found by
/// a thread of the pool where it isn't known yet. Allocates nothing where it is.
/// </summary>
public sealed class TokenGuide : IThreadPoolWorkItem
{
    private readonly GuideAutomaton _automaton;
    private readonly ImmutableArray<int> _foreign;
    private readonly int[] _ends;
    private readonly float[] _endLogits;
    private readonly Action? _onReady;
    private readonly Lock _gate = new();
    private GuideState _state;
    private ulong[]? _mask;
    private GuideException? _failure;
    private bool _isFirst = true;

    /// <param name="guide">What is asked for.</param>
    /// <param name="ends">Ids that end the answer.</param>
    /// <param name="onReady">Called by another thread when <see cref="IsReady"/> has become true; null finds masks at once instead.</param>
    internal TokenGuide(OutputGuide guide, int[] ends, Action? onReady)
    {
        (_automaton, _foreign, _ends, _onReady) = (guide.Automaton, guide.ForeignIds, ends, onReady);
        _endLogits = new float[ends.Length];
        _state = _automaton.Start;
        _mask = _automaton.FirstMask;
    }

    /// <summary>Whether <see cref="Apply"/> may be called.</summary>
    internal bool IsReady => Volatile.Read(ref _mask) is not null || Volatile.Read(ref _failure) is not null;

    /// <summary>Nothing may come but an end.</summary>
    internal bool MustEnd { get; private set; }

    /// <summary>
    /// Takes away what may not come next. <b>Shapes</b>: logits [V]. <b>Errors</b>: <see cref="GuideException"/> where finding that out takes too long.
    /// </summary>
    internal void Apply(Span<float> logits)
    {
        var mask = Required();
        for (var i = 0; i < _ends.Length; i++)
        {
            _endLogits[i] = (uint)_ends[i] < (uint)logits.Length ? logits[_ends[i]] : 0;
            Ban(logits, _ends[i]);
        }

        MaskLogits.Apply(mask, _automaton.Vocabulary.Size, logits);
        foreach (var id in _foreign)
        {
            Ban(logits, id);
        }

        MustEnd = _state.IsAccepting && !logits.ContainsAnyExcept(float.NegativeInfinity);
        for (var i = 0; i < _ends.Length && _state.IsAccepting; i++)
        {
            if ((uint)_ends[i] < (uint)logits.Length)
            {
                logits[_ends[i]] = _endLogits[i];
            }
        }
    }

    /// <summary>The smallest id that may come next; -1 where none may.</summary>
    internal int SmallestAllowed(int vocabulary, bool endsAreBanned)
    {
        var mask = Required();
        for (var id = 0; id < vocabulary; id++)
        {
            var isEnd = Array.IndexOf(_ends, id) >= 0;
            var isAllowed = isEnd
                ? _state.IsAccepting && !endsAreBanned
                : id < _automaton.Vocabulary.Size && (mask[id >> 6] & (1UL << (id & 63))) != 0 && !_foreign.Contains(id);
            if (isAllowed)
            {
                return id;
            }
        }

        return -1;
    }

    /// <summary>A token was drawn; one that ends the answer changes nothing.</summary>
    internal void Advance(int token)
    {
        if (Array.IndexOf(_ends, token) >= 0)
        {
            return;
        }

        var state = _state;
        foreach (var value in _automaton.Vocabulary.BytesOf(token, _isFirst))
        {
            state = _automaton.After(state, value);
        }

        _isFirst = false;
        lock (_gate)
        {
            (_state, _mask) = (state, state.Mask);
        }

        if (!IsReady && _onReady is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Find();
        _onReady!();
    }

    private ulong[] Required()
    {
        if (!IsReady)
        {
            Find();
        }

        return Volatile.Read(ref _mask) ?? throw Volatile.Read(ref _failure)!;
    }

    /// <summary>Both threads may look for the same mask; what is found for a state that was left meanwhile is not taken.</summary>
    private void Find()
    {
        var (state, mask, failure) = (Volatile.Read(ref _state), (ulong[]?)null, (GuideException?)null);
        try
        {
            mask = _automaton.MaskOf(state);
        }
        catch (GuideException e)
        {
            failure = e;
        }

        lock (_gate)
        {
            if (_state == state)
            {
                (_mask, _failure) = (mask, failure);
            }
        }
    }

    private static void Ban(Span<float> logits, int id)
    {
        if ((uint)id < (uint)logits.Length)
        {
            logits[id] = float.NegativeInfinity;
        }
    }
}

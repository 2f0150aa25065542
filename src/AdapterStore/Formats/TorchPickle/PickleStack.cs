using System.Runtime.InteropServices;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>The unpickler's stack with its marks and memo. <b>Errors</b>: <c>pickle_stack</c>, <c>pickle_memo</c>, TooLarge.</summary>
internal sealed class PickleStack(PickleBudget budget)
{
    private const int ValueBytes = 16;
    private const int MemoBytes = 48;
    private const int MarkBytes = 8;

    private readonly List<PickleValue> _values = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, PickleValue> _memo = [];
    private int _floor;

    public void Push(PickleValue value)
    {
        if (_values.Count == _values.Capacity)
        {
            budget.Take((long)Math.Max(_values.Capacity, 4) * ValueBytes);
        }

        _values.Add(value);
    }

    public PickleValue Pop()
    {
        var top = Peek();
        _values.RemoveAt(_values.Count - 1);
        return top;
    }

    public PickleValue Peek() => _values.Count > _floor ? _values[^1] : throw PickleErrors.Stack();

    public void Mark()
    {
        budget.Take(MarkBytes);
        _marks.Add(_values.Count);
        _floor = _values.Count;
    }

    /// <summary>The values above the last mark; valid until <see cref="DropToMark"/>.</summary>
    public ReadOnlySpan<PickleValue> AboveMark() =>
        _marks.Count > 0 ? CollectionsMarshal.AsSpan(_values)[_marks[^1]..] : throw PickleErrors.Stack();

    public void DropToMark()
    {
        var start = _marks[^1];
        _values.RemoveRange(start, _values.Count - start);
        _marks.RemoveAt(_marks.Count - 1);
        _floor = _marks.Count > 0 ? _marks[^1] : 0;
    }

    /// <summary>What is left at the end: one value, no mark.</summary>
    public PickleValue Result() => _values.Count == 1 && _marks.Count == 0 ? _values[0] : throw PickleErrors.Stack();

    public void Memorise(uint place)
    {
        budget.Take(MemoBytes);
        _memo[place] = Peek();
    }

    public void Memorise() => Memorise((uint)_memo.Count);

    public PickleValue Recall(uint place) => _memo.TryGetValue(place, out var value) ? value : throw PickleErrors.Memo();
}

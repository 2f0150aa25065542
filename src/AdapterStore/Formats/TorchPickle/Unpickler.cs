using System.Numerics;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// Runs a pickle as far as it describes tensors, dictionaries, lists, tuples, numbers, strings, booleans and None; anything else is refused before it has an effect.
/// <b>Semantics</b>: storages stay references (<see cref="PickleStorage"/>); no value is read here.
/// <b>Effects</b>: memory is taken from the budget; time is linear in the bytes; nothing recurses.
/// <b>Errors</b>: Malformed <c>pickle_…</c>, one code for each way; TooLarge.
/// <b>Source</b>: Python's pickle module, protocols 2 to 5.
/// </summary>
internal sealed class Unpickler(PickleBudget budget)
{
    private const int ObjectBytes = 64;
    private const int DictBytes = 240;
    private const int ItemBytes = 32;
    private const int EntryBytes = 160;
    private const int LongBytes = 16;

    private readonly PickleStack _stack = new(budget);

    /// <summary>Reads one pickle and says how many bytes it takes.</summary>
    public static PickleValue Read(ReadOnlySpan<byte> bytes, PickleBudget budget, out int length)
    {
        var cursor = new PickleCursor(bytes);
        var result = new Unpickler(budget).Run(ref cursor);
        length = cursor.Position;
        return result;
    }

    private PickleValue Run(ref PickleCursor cursor)
    {
        if (cursor.Byte() != PickleOpcode.Proto || cursor.Byte() is < 2 or > 5)
        {
            throw PickleErrors.Protocol();
        }

        for (var opcode = cursor.Byte(); opcode != PickleOpcode.Stop; opcode = cursor.Byte())
        {
            if (!Constant(opcode, ref cursor) && !Container(opcode) && !Memory(opcode, ref cursor) && !Object(opcode, ref cursor))
            {
                throw opcode is PickleOpcode.Ext1 or PickleOpcode.Ext2 or PickleOpcode.Ext4 ? PickleErrors.Extension() : PickleErrors.Opcode(opcode);
            }
        }

        return _stack.Result();
    }

    private bool Constant(byte opcode, ref PickleCursor cursor)
    {
        PickleValue? value = opcode switch
        {
            PickleOpcode.BinInt1 => PickleValue.From((long)cursor.Byte()),
            PickleOpcode.BinInt2 => PickleValue.From((long)cursor.UInt16()),
            PickleOpcode.BinInt => PickleValue.From((long)cursor.Int32()),
            PickleOpcode.None => PickleValue.None,
            PickleOpcode.True => PickleValue.From(true),
            PickleOpcode.False => PickleValue.From(false),
            PickleOpcode.Long1 => Long(cursor.Take(cursor.Byte())),
            PickleOpcode.Long4 => Long(cursor.Take(Length(cursor.Int32()))),
            PickleOpcode.BinFloat => PickleValue.From(cursor.Float()),
            PickleOpcode.BinUnicode => Text(cursor.Take(cursor.UInt32())),
            PickleOpcode.ShortBinUnicode or PickleOpcode.ShortBinString => Text(cursor.Take(cursor.Byte())),
            PickleOpcode.BinUnicode8 => Text(cursor.Take(cursor.UInt64())),
            PickleOpcode.BinString => Text(cursor.Take(Length(cursor.Int32()))),
            PickleOpcode.BinBytes => Bytes(cursor.Take(cursor.UInt32())),
            PickleOpcode.ShortBinBytes => Bytes(cursor.Take(cursor.Byte())),
            _ => null,
        };
        if (value is not { } pushed)
        {
            return false;
        }

        _stack.Push(pushed);
        return true;
    }

    private bool Container(byte opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark:
                _stack.Mark();
                return true;
            case PickleOpcode.EmptyTuple:
                _stack.Push(PickleValue.From(PickleTuple.Empty));
                return true;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3:
                PushTuple(opcode - PickleOpcode.Tuple1 + 1);
                return true;
            case PickleOpcode.Tuple:
                var items = Taken(_stack.AboveMark());
                _stack.DropToMark();
                _stack.Push(PickleValue.From(new PickleTuple(items)));
                return true;
            case PickleOpcode.EmptyList:
                budget.Take(ObjectBytes);
                _stack.Push(PickleValue.From(new PickleList()));
                return true;
            case PickleOpcode.EmptyDict:
                budget.Take(DictBytes);
                _stack.Push(PickleValue.From(new PickleDict()));
                return true;
            case PickleOpcode.Append or PickleOpcode.Appends:
                Append(opcode == PickleOpcode.Append);
                return true;
            case PickleOpcode.SetItem or PickleOpcode.SetItems:
                SetItems(opcode == PickleOpcode.SetItem);
                return true;
            default:
                return false;
        }
    }

    private bool Memory(byte opcode, ref PickleCursor cursor)
    {
        switch (opcode)
        {
            case PickleOpcode.BinPut:
                _stack.Memorise(cursor.Byte());
                return true;
            case PickleOpcode.LongBinPut:
                _stack.Memorise(cursor.UInt32());
                return true;
            case PickleOpcode.Memoize:
                _stack.Memorise();
                return true;
            case PickleOpcode.BinGet:
                _stack.Push(_stack.Recall(cursor.Byte()));
                return true;
            case PickleOpcode.LongBinGet:
                _stack.Push(_stack.Recall(cursor.UInt32()));
                return true;
            case PickleOpcode.Frame:
                _ = cursor.UInt64();
                return true;
            default:
                return false;
        }
    }

    private bool Object(byte opcode, ref PickleCursor cursor)
    {
        switch (opcode)
        {
            case PickleOpcode.Global:
                var module = PickleCursor.Text(cursor.Line());
                _stack.Push(PickleValue.From(PickleGlobals.Resolve(module, PickleCursor.Text(cursor.Line()))));
                return true;
            case PickleOpcode.StackGlobal:
                var name = _stack.Pop().Text;
                _stack.Push(PickleValue.From(PickleGlobals.Resolve(_stack.Pop().Text, name)));
                return true;
            case PickleOpcode.Reduce:
                var arguments = _stack.Pop().Tuple;
                _stack.Push(PickleCalls.Call(_stack.Pop(), arguments, budget));
                return true;
            case PickleOpcode.Build:
                var state = _stack.Pop();
                PickleCalls.RequireHarmlessState(_stack.Peek(), state);
                return true;
            case PickleOpcode.BinPersId:
                budget.Take(DictBytes);
                _stack.Push(PickleValue.From(PickleCalls.Storage(_stack.Pop().Tuple)));
                return true;
            default:
                return false;
        }
    }

    private void PushTuple(int count)
    {
        budget.Take(ObjectBytes + (count * ItemBytes));
        var items = new PickleValue[count];
        for (var i = count - 1; i >= 0; i--)
        {
            items[i] = _stack.Pop();
        }

        _stack.Push(PickleValue.From(new PickleTuple(items)));
    }

    private PickleValue[] Taken(ReadOnlySpan<PickleValue> values)
    {
        budget.Take(ObjectBytes + ((long)values.Length * ItemBytes));
        return values.ToArray();
    }

    private void Append(bool single)
    {
        var items = single ? [_stack.Pop()] : Taken(_stack.AboveMark());
        if (!single)
        {
            _stack.DropToMark();
        }

        budget.Take(items.Length * ItemBytes);
        _stack.Peek().List.AddRange(items);
    }

    private void SetItems(bool single)
    {
        PickleValue[] items;
        if (single)
        {
            var value = _stack.Pop();
            items = [_stack.Pop(), value];
        }
        else
        {
            items = Taken(_stack.AboveMark());
            _stack.DropToMark();
        }

        var target = _stack.Peek().Dict;
        if (items.Length % 2 != 0)
        {
            throw PickleErrors.Stack();
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            budget.Take(EntryBytes + (items[i].Kind == PickleKind.Text ? items[i].Text.Length * sizeof(char) : 0));
            target.Add(items[i], items[i + 1]);
        }
    }

    private PickleValue Text(ReadOnlySpan<byte> bytes)
    {
        budget.Take(ObjectBytes + (bytes.Length * (long)sizeof(char)));
        return PickleValue.From(PickleCursor.Text(bytes));
    }

    private PickleValue Bytes(ReadOnlySpan<byte> bytes)
    {
        budget.Take(ObjectBytes + (long)bytes.Length);
        return PickleValue.From(bytes.ToArray());
    }

    /// <summary>Up to 64 bits as an integer; a little more, as the legacy layout's magic number, as it is.</summary>
    private static PickleValue Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LongBytes)
        {
            throw PickleErrors.Integer();
        }

        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? PickleValue.From((long)value) : PickleValue.From((object)value);
    }

    private static ulong Length(int count) => count >= 0 ? (ulong)count : throw PickleErrors.Truncated();
}

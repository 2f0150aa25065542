using System.Collections.Immutable;
using System.Text;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// What the known names do with their arguments, spelled out here.
/// <b>Errors</b>: <c>pickle_call</c>, <c>pickle_build</c>, <c>pickle_persistent_id</c>, <c>pickle_type</c> for arguments that torch does not write.
/// </summary>
internal static class PickleCalls
{
    private const int TensorBytes = 400;
    private const int DictBytes = 240;
    private const int EntryBytes = 160;

    public static PickleValue Call(PickleValue callee, PickleTuple arguments, PickleBudget budget) => callee.Reference switch
    {
        PickleGlobal.RebuildTensor => Tensor(arguments, budget),
        PickleGlobal.RebuildParameter when arguments.Count == 3 => PickleValue.From(arguments[0].Tensor),
        PickleGlobal.Size when arguments.Count == 1 => PickleValue.From(arguments[0].Tuple),
        PickleGlobal.OrderedDict => OrderedDict(arguments, budget),
        PickleGlobal.NumpyScalar when arguments.Count == 2 => Scalar(arguments),
        PickleGlobal.NumpyDtype when arguments.Count is >= 1 and <= 3 => Type(arguments, budget),
        PickleGlobal.Encode when arguments.Count == 2 => Encode(arguments, budget),
        PickleGlobal other => throw PickleErrors.Call(other.ToString()),
        _ => throw PickleErrors.Call("a value that is no function"),
    };

    /// <summary>An OrderedDict's attributes (torch's <c>_metadata</c>) say nothing about values; a numpy type's state says its byte order.</summary>
    public static void RequireHarmlessState(PickleValue target, PickleValue state)
    {
        switch (target.Reference)
        {
            case PickleDict { IsOrdered: true } when state.Kind == PickleKind.Dict:
                return;
            case NumpyType type when state.Kind == PickleKind.Tuple && state.Tuple.Count >= 2 && state.Tuple[1].Kind == PickleKind.Text:
                type.IsBigEndian = state.Tuple[1].Text switch
                {
                    "<" or "|" or "=" => false,
                    ">" => true,
                    _ => throw PickleErrors.Build(),
                };
                return;
            default:
                throw PickleErrors.Build();
        }
    }

    /// <summary>('storage', type, key, location, elements), in the legacy layout followed by None.</summary>
    public static PickleStorage Storage(PickleTuple id)
    {
        if (id.Count is not (5 or 6)
            || id[0].Kind != PickleKind.Text || id[0].Text != "storage"
            || id[1].Reference is not SafetensorsType type
            || id[2].Kind != PickleKind.Text || id[3].Kind != PickleKind.Text || id[4].Kind != PickleKind.Int
            || (id.Count == 6 && !id[5].IsNone))
        {
            throw PickleErrors.PersistentId();
        }

        var elements = id[4].Int;
        return elements >= 0 && elements <= long.MaxValue / 16 ? new PickleStorage(id[2].Text, type, elements) : throw PickleErrors.Storage(id[2].Text);
    }

    /// <summary>(storage, offset, shape, strides, requires_grad, hooks[, metadata]).</summary>
    private static PickleValue Tensor(PickleTuple arguments, PickleBudget budget)
    {
        if (arguments.Count is not (6 or 7) || arguments[0].Reference is not PickleStorage storage)
        {
            throw PickleErrors.Call("torch._utils._rebuild_tensor_v2");
        }

        budget.Take(TensorBytes);
        var (shape, strides) = (Sizes(arguments[2].Tuple), Sizes(arguments[3].Tuple));
        if (shape.Length != strides.Length)
        {
            throw PickleErrors.Tensor();
        }

        var tensor = new PickleTensor(storage, arguments[1].Int, shape, strides);
        _ = tensor.RequireElements();
        return PickleValue.From(tensor);
    }

    private static ImmutableArray<long> Sizes(PickleTuple sizes)
    {
        if (sizes.Count > SafetensorsHeader.MaxRank)
        {
            throw PickleErrors.Tensor();
        }

        var result = ImmutableArray.CreateBuilder<long>(sizes.Count);
        foreach (var size in sizes.Items)
        {
            result.Add(size.Int);
        }

        return result.MoveToImmutable();
    }

    /// <summary>Without arguments, or with a list of pairs as old pythons write it.</summary>
    private static PickleValue OrderedDict(PickleTuple arguments, PickleBudget budget)
    {
        budget.Take(DictBytes);
        var dict = new PickleDict { IsOrdered = true };
        if (arguments.Count > 1)
        {
            throw PickleErrors.Call("collections.OrderedDict");
        }

        foreach (var item in arguments.Count == 1 ? arguments[0].List : [])
        {
            budget.Take(EntryBytes);
            var (key, value) = item.Kind == PickleKind.List && item.List.Count == 2 ? (item.List[0], item.List[1])
                : item.Kind == PickleKind.Tuple && item.Tuple.Count == 2 ? (item.Tuple[0], item.Tuple[1])
                : throw PickleErrors.Call("collections.OrderedDict");
            budget.Take(key.Kind == PickleKind.Text ? key.Text.Length * sizeof(char) : 0);
            dict.Add(key, value);
        }

        return PickleValue.From(dict);
    }

    private static PickleValue Type(PickleTuple arguments, PickleBudget budget)
    {
        budget.Take(TensorBytes);
        var name = arguments[0].Text;
        return NumpyType.IsKnown(name) ? PickleValue.From(new NumpyType(name)) : throw PickleErrors.Call("numpy.dtype");
    }

    private static PickleValue Scalar(PickleTuple arguments) =>
        arguments[0].Reference is NumpyType type && arguments[1].Reference is byte[] bytes && type.Read(bytes) is { } number
            ? number
            : throw PickleErrors.Call("numpy.core.multiarray.scalar");

    /// <summary>How protocol 2 writes a byte string: its bytes as the characters of a string.</summary>
    private static PickleValue Encode(PickleTuple arguments, PickleBudget budget)
    {
        var text = arguments[0].Text;
        if (arguments[1].Text != "latin1" || text.Any(c => c > byte.MaxValue))
        {
            throw PickleErrors.Call("_codecs.encode");
        }

        budget.Take(TensorBytes + text.Length);
        return PickleValue.From(Encoding.Latin1.GetBytes(text));
    }
}

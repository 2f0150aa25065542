using System.Text;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// A set of code points as byte edges: the UTF-8 of each of its characters and nothing else; surrogates have none.
/// <b>Source</b>: Thompson's and Cox's splitting of ranges at which the encodings have equal lengths and full tails (RE2, <c>compile.cc</c>).
/// </summary>
internal static class Utf8Ranges
{
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];
    private static readonly CodePointSet Scalars = CodePointSet.OfRanges([(0, 0xD7FF), (0xE000, 0x10FFFF)]);

    public static void Emit(ByteGraphBuilder builder, CodePointSet points, int from, int to)
    {
        var tails = new Dictionary<(byte, byte, int), int>();
        foreach (var (first, last) in points.Intersect(Scalars).Ranges)
        {
            Split(first, last, (low, high) => Add(builder, tails, low, high, from, to));
        }
    }

    private static void Split(int first, int last, Action<byte[], byte[]> add)
    {
        foreach (var end in LastOfLength)
        {
            if (first <= end && end < last)
            {
                Split(first, end, add);
                Split(end + 1, last, add);
                return;
            }
        }

        for (var bits = 6; bits < 24 && last > 0x7F; bits += 6)
        {
            var tail = (1 << bits) - 1;
            if ((first & ~tail) != (last & ~tail))
            {
                if ((first & tail) != 0)
                {
                    Split(first, first | tail, add);
                    Split((first | tail) + 1, last, add);
                    return;
                }

                if ((last & tail) != tail)
                {
                    Split(first, (last & ~tail) - 1, add);
                    Split(last & ~tail, last, add);
                    return;
                }
            }
        }

        add(Encode(first), Encode(last));
    }

    private static byte[] Encode(int point) => Encoding.UTF8.GetBytes(new Rune(point).ToString());

    private static void Add(ByteGraphBuilder builder, Dictionary<(byte, byte, int), int> tails, byte[] low, byte[] high, int from, int to)
    {
        // Common ends are laid out once.
        for (var i = low.Length - 1; i > 0; i--)
        {
            if (!tails.TryGetValue((low[i], high[i], to), out var node))
            {
                node = builder.NewNode();
                builder.Byte(node, low[i], high[i], to);
                tails.Add((low[i], high[i], to), node);
            }

            to = node;
        }

        builder.Byte(from, low[0], high[0], to);
    }
}

using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>The tokens <c>&lt;0x00&gt;</c> … <c>&lt;0xFF&gt;</c> that stand for the bytes of what has no token of its own.</summary>
internal sealed class ByteTokens(Vocabulary vocabulary)
{
    private readonly int[] _ids =
        [.. Enumerable.Range(0, 256).Select(value => vocabulary.TryGetId(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), out int id) ? id : -1)];

    /// <summary>Appends a token for each byte of the text, or nothing where one of them has none.</summary>
    public bool TryAdd(ReadOnlySpan<char> text, List<int> ids)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToArray());
        if (bytes.Any(value => _ids[value] < 0))
        {
            return false;
        }

        foreach (byte value in bytes)
        {
            ids.Add(_ids[value]);
        }

        return true;
    }
}

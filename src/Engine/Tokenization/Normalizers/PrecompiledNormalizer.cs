using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>Replaces what the table knows: short grapheme clusters as a whole, else character by character.</summary>
internal sealed class PrecompiledNormalizer(PrecompiledCharsmap map) : INormalizer
{
    private const int MaxClusterBytes = 6;

    public string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        ReadOnlySpan<char> rest = text;
        while (rest.Length > 0)
        {
            ReadOnlySpan<char> cluster = rest[..StringInfo.GetNextTextElementLength(rest)];
            if (!TryAppend(cluster, result))
            {
                AppendEach(cluster, result);
            }

            rest = rest[cluster.Length..];
        }

        return result.ToString();
    }

    private void AppendEach(ReadOnlySpan<char> cluster, StringBuilder result)
    {
        for (int i = 0, length; i < cluster.Length; i += length)
        {
            _ = Rune.DecodeFromUtf16(cluster[i..], out _, out length);
            if (!TryAppend(cluster.Slice(i, length), result))
            {
                result.Append(cluster.Slice(i, length));
            }
        }
    }

    private bool TryAppend(ReadOnlySpan<char> part, StringBuilder result)
    {
        Span<byte> bytes = stackalloc byte[MaxClusterBytes];
        if (!Encoding.UTF8.TryGetBytes(part, bytes, out int count) || count >= MaxClusterBytes || !map.TryGet(bytes[..count], out string? replacement))
        {
            return false;
        }

        result.Append(replacement);
        return true;
    }
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's table of replacements. <b>Layout</b>: base64 of a u32 with the trie's bytes, the trie, and texts that end in a zero byte. The trie is a
/// double array of u32 units: bits 0-7 the label, bit 8 whether a value follows, bit 9 whether the offset in bits 10-30 counts 256; a value unit has bit 31.
/// <b>Errors</b>: <see cref="TokenizerException"/> for bytes that are none. <b>Source</b>: google/sentencepiece <c>normalizer.cc</c>, s-yata/darts-clone.
/// </summary>
internal sealed class PrecompiledCharsmap
{
    private readonly uint[] _trie;
    private readonly byte[] _texts;

    private PrecompiledCharsmap(uint[] trie, byte[] texts)
    {
        _trie = trie;
        _texts = texts;
    }

    public static PrecompiledCharsmap Read(string base64)
    {
        byte[] bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out int count) || count < sizeof(uint))
        {
            throw new TokenizerException("The precompiled character map is not valid base64.");
        }

        uint trieBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (trieBytes == 0 || trieBytes % sizeof(uint) != 0 || trieBytes > count - sizeof(uint))
        {
            throw new TokenizerException("The precompiled character map is shorter than it says.");
        }

        var trie = new uint[trieBytes / sizeof(uint)];
        for (int i = 0; i < trie.Length; i++)
        {
            trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((i + 1) * sizeof(uint)));
        }

        return new PrecompiledCharsmap(trie, bytes[(int)(sizeof(uint) + trieBytes)..count]);
    }

    /// <summary>What stands for the shortest beginning of <paramref name="key"/> that the table knows.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out string? replacement)
    {
        replacement = null;
        uint node = Offset(_trie[0]);
        foreach (byte label in key)
        {
            node ^= label;
            if (label == 0 || node >= _trie.Length || (_trie[node] & 0x8000_00FF) != label)
            {
                return false;
            }

            uint unit = _trie[node];
            node ^= Offset(unit);
            if ((unit & 0x100) != 0)
            {
                return node < _trie.Length && TryGetText(_trie[node] & 0x7FFF_FFFF, out replacement);
            }
        }

        return false;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);

    private bool TryGetText(uint start, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (start >= _texts.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = _texts.AsSpan((int)start);
        int end = rest.IndexOf((byte)0);
        text = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
        return true;
    }
}

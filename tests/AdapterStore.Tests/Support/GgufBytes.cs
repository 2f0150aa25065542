using System.Runtime.InteropServices;
using System.Text;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>A GGUF LoRA of <see cref="SmallLora"/>'s tensors, put together by the format's description, which a test then spoils.</summary>
internal sealed class GgufBytes
{
    private const int HeadSize = 4;

    public byte[] Magic { get; set; } = "GGUF"u8.ToArray();

    public uint Version { get; set; } = 3;

    public ulong? TensorCount { get; set; }

    public ulong? KeyCount { get; set; }

    /// <summary>Each key with its type and value.</summary>
    public List<(string Key, uint Type, byte[] Value)> Keys { get; } =
    [
        ("general.architecture", 8, Text("llama")), ("general.type", 8, Text("adapter")), ("adapter.type", 8, Text("lora")),
        ("adapter.lora.alpha", 6, BitConverter.GetBytes(4f)), ("general.tags", 9, [.. BitConverter.GetBytes(8u), .. BitConverter.GetBytes(2UL), .. Text("a"), .. Text("bc")]),
        ("general.numbers", 9, [.. BitConverter.GetBytes(4u), .. BitConverter.GetBytes(2UL), .. new byte[8]]), ("general.flag", 7, [1]),
    ];

    /// <summary>Sizes innermost first; no offset means behind the tensor before.</summary>
    public List<(string Name, ulong[] Sizes, uint Type, byte[] Data, ulong? Offset)> Tensors { get; } = [];

    public static GgufBytes Of(SmallLora lora, uint type = 0, bool reorder = true)
    {
        var file = new GgufBytes();
        foreach (var (name, (shape, values)) in lora.Tensors)
        {
            var parts = name[SmallLora.Prefix.Length..].Split('.');
            var module = parts[^3] switch { "q_proj" => "attn_q", "v_proj" => "attn_v", "k_proj" => "attn_k", var other => other };
            var factor = parts[^2] == "lora_A" ? "lora_a" : "lora_b";
            var rows = reorder && factor == "lora_b" && module is "attn_q" or "attn_k" ? Reordered(values, (int)shape[0], (int)shape[1]) : values;
            byte[] data = type switch
            {
                0 => MemoryMarshal.AsBytes(rows.AsSpan()).ToArray(),
                1 => [.. rows.SelectMany(value => BitConverter.GetBytes((Half)value))],
                _ => [.. rows.SelectMany(value => BitConverter.GetBytes(value)[2..])],
            };
            file.Tensors.Add(($"blk.{parts[2]}.{module}.weight.{factor}", [(ulong)shape[1], (ulong)shape[0]], type, data, null));
        }

        return file;
    }

    public static byte[] Text(string text) => [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public void Set(string key, uint type, byte[] value)
    {
        Keys.RemoveAll(entry => entry.Key == key);
        Keys.Add((key, type, value));
    }

    public byte[] ToArray()
    {
        List<byte> header = [.. Magic, .. BitConverter.GetBytes(Version), .. BitConverter.GetBytes(TensorCount ?? (ulong)Tensors.Count), .. BitConverter.GetBytes(KeyCount ?? (ulong)Keys.Count)];
        header.AddRange(Keys.SelectMany(entry => (byte[])[.. Text(entry.Key), .. BitConverter.GetBytes(entry.Type), .. entry.Value]));
        List<byte> body = [];
        foreach (var (name, sizes, type, data, offset) in Tensors)
        {
            header.AddRange([.. Text(name), .. BitConverter.GetBytes((uint)sizes.Length), .. sizes.SelectMany(BitConverter.GetBytes)]);
            header.AddRange([.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(offset ?? (ulong)body.Count)]);
            body.AddRange([.. data, .. new byte[(32 - (data.Length % 32)) % 32]]);
        }

        return [.. header, .. new byte[(32 - (header.Count % 32)) % 32], .. body];
    }

    /// <summary>llama.cpp's permute: [heads, 2, half] with the two inner axes swapped.</summary>
    private static float[] Reordered(float[] values, int rows, int columns)
    {
        List<float> result = [];
        for (var head = 0; head < rows / HeadSize; head++)
        {
            for (var i = 0; i < HeadSize / 2; i++)
            {
                for (var half = 0; half < 2; half++)
                {
                    result.AddRange(values.AsSpan(((head * HeadSize) + (half * HeadSize / 2) + i) * columns, columns).ToArray());
                }
            }
        }

        return [.. result];
    }
}

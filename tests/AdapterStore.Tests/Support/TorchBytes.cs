using System.IO.Compression;
using System.Text;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Hand-made torch files: a pickle's instructions put together, wrapped as either layout.</summary>
internal static class TorchBytes
{
    public const string FloatStorage = "ctorch\nFloatStorage\n";
    public const string Rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";

    /// <summary>Each part is Latin-1 text, a byte, or bytes.</summary>
    public static byte[] Join(params object[] parts) => [.. parts.SelectMany(part => part switch
    {
        string text => Encoding.Latin1.GetBytes(text),
        byte[] bytes => bytes,
        _ => throw new ArgumentException("Text or bytes."),
    })];

    /// <summary>Protocol 2, the body, STOP.</summary>
    public static byte[] Pickle(params object[] body) => Join("\x80\x02", Join(body), ".");

    public static byte[] Text(string text) => Join("X", BitConverter.GetBytes(text.Length), text);

    public static byte[] Int(int value) => Join("J", BitConverter.GetBytes(value));

    /// <summary>A persistent id of floats.</summary>
    public static byte[] Storage(int elements, string type = FloatStorage, string key = "0") =>
        Join("(", Text("storage"), type, Text(key), Text("cpu"), Int(elements), "tQ");

    public static byte[] Tensor(int elements, int offset, int[] shape, int[] strides, string type = FloatStorage) =>
        Join(Rebuild, "(", Storage(elements, type), Int(offset), Tuple(shape), Tuple(strides), "\x89", "ccollections\nOrderedDict\n)RtR");

    public static byte[] Tuple(params int[] values) => Join("(", Join([.. values.Select(Int)]), "t");

    /// <summary>{name: value}.</summary>
    public static byte[] Dict(string name, byte[] value) => Join("}", Text(name), value, "s");

    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Content)[] records) => ZipOf([("m/data.pkl", pickle), .. records]);

    public static byte[] ZipOf((string Name, byte[] Content)[] records, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in records)
            {
                var file = archive.CreateEntry(name, compression);
                // The same bytes whenever they are made.
                file.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var entry = file.Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The legacy layout around an object's pickle.</summary>
    public static byte[] Legacy(byte[] pickle, byte[] keys, params byte[][] storages) => Join(
        Pickle("\x8A\x0A", new byte[] { 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19 }), Pickle(Int(1001)), Pickle("}"), pickle, keys, Join([.. storages]));
}

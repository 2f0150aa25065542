using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Archives for tests, made by the runtime's writers or byte by byte.</summary>
internal static class ArchiveBytes
{
    public static byte[] Zip(IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Tar(IEnumerable<KeyValuePair<string, byte[]>> files, TarEntryFormat format = TarEntryFormat.Ustar) =>
        Tar(format, writer =>
        {
            foreach (var (name, content) in files)
            {
                writer.WriteEntry(Entry(format, TarEntryType.RegularFile, name, content));
            }
        });

    public static byte[] Tar(TarEntryFormat format, Action<TarWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, format, leaveOpen: true))
        {
            write(writer);
        }

        return stream.ToArray();
    }

    public static TarEntry Entry(TarEntryFormat format, TarEntryType type, string name, byte[]? content = null)
    {
        TarEntry entry = format switch
        {
            TarEntryFormat.Pax => new PaxTarEntry(type, name),
            TarEntryFormat.Gnu => new GnuTarEntry(type, name),
            _ => new UstarTarEntry(type, name),
        };
        if (content is not null)
        {
            entry.DataStream = new MemoryStream(content);
        }

        return entry;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return stream.ToArray();
    }

    /// <summary>A ustar header with a right checksum and whatever the test wants in it.</summary>
    public static byte[] RawHeader(string name, string size, char type)
    {
        var block = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(block, 0);
        Encoding.ASCII.GetBytes(size).CopyTo(block, 124);
        Encoding.ASCII.GetBytes("        ").CopyTo(block, 148);
        block[156] = (byte)type;
        Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(block, 257);
        Encoding.ASCII.GetBytes(Convert.ToString(block.Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(block, 148);
        return block;
    }
}

using System.Buffers.Binary;
using System.Formats.Tar;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Archives;

public sealed class ArchiveTests
{
    private static readonly Dictionary<string, (ArchiveFormat Format, AdapterErrorKind Kind, string Code, Func<byte[]> Body)> Wrong = new(StringComparer.Ordinal)
    {
        ["zip: empty body"] = Zip("zip_damaged", () => []),
        ["zip: no zip at all"] = Zip("zip_damaged", () => [.. Enumerable.Repeat((byte)'x', 5000)]),
        ["zip: cut"] = Zip("zip_damaged", () => ArchiveBytes.Zip(Lora())[..^30]),
        ["zip: bytes behind the end"] = Zip("zip_damaged", () => [.. ArchiveBytes.Zip(Lora()), 0]),
        ["zip: bytes before the beginning"] = Zip("zip_directory", () => [1, 2, 3, 4, .. ArchiveBytes.Zip(Lora())]),
        ["zip: a directory of another size"] = Zip("zip_directory", () => Patch(ArchiveBytes.Zip(Lora()), ^10, 0x7F)),
        ["zip: another number of entries"] = Zip("zip_damaged", () => Patch(ArchiveBytes.Zip(Lora()), ^12, 9)),
        ["zip: a flipped bit of content"] = Zip("zip_checksum", () => Flip(Stored("a.txt", "hello"), "hello"u8)),
        ["zip: a declared length that is too small"] = Zip("zip_checksum", () => PatchDirectory(Stored("a.txt", "hello"), 24, 3)),
        ["zip: encrypted"] = Zip("zip_encrypted", () => PatchDirectory(Stored("a.txt", "hello"), 8, 1)),
        ["zip: an unknown compression"] = Zip("zip_damaged", () => PatchDirectory(Stored("a.txt", "hello"), 10, 99)),
        ["zip: entries that share their bytes"] = Zip("zip_overlap", Overlapping),
        ["zip: a symbolic link"] = Zip("archive_link", () => PatchDirectory(Stored("a.txt", "hello"), 40, 0xFF, 0xA1)),
        ["zip: a path upwards"] = Zip("file_path", () => ArchiveBytes.Zip([new("../a.txt", [1])])),
        ["zip: an absolute path"] = Zip("file_path", () => ArchiveBytes.Zip([new("/etc/passwd", [1])])),
        ["zip: a folder"] = Zip("file_path", () => ArchiveBytes.Zip([new("folder/", [])])),
        ["zip: a path with backslashes"] = Zip("file_path", () => ArchiveBytes.Zip([new(@"a\b", [1])])),
        ["zip: a hidden name"] = Zip("invalid_file_name", () => ArchiveBytes.Zip([new(".profile", [1])])),
        ["zip: a name beyond ASCII"] = Zip("invalid_file_name", () => ArchiveBytes.Zip([new("naïve.txt", [1])])),
        ["zip: a name of 201 characters"] = Zip("invalid_file_name", () => ArchiveBytes.Zip([new(new string('a', 201), [1])])),
        ["zip: the same name twice"] = Zip("duplicate_file", () => ArchiveBytes.Zip([new("a", [1]), new("a", [2])])),
        ["zip: an archive by its name"] = Zip("nested_archive", () => ArchiveBytes.Zip([new("inner.zip", [1])])),
        ["zip: an archive by its content"] = Zip("nested_archive", () => ArchiveBytes.Zip([new("inner.txt", ArchiveBytes.Zip(Lora()))])),
        ["zip: a tar by its content"] = Zip("nested_archive", () => ArchiveBytes.Zip([new("inner.txt", ArchiveBytes.Tar(Lora()))])),
        ["zip: a bomb"] = (ArchiveFormat.Zip, AdapterErrorKind.TooLarge, "upload_too_large", () => ArchiveBytes.Zip([new("zeros", new byte[20 << 20])])),
        ["zip: a bomb that lies about its length"] = Zip("zip_checksum", () => PatchDirectory(ArchiveBytes.Zip([new("zeros", new byte[20 << 20])]), 24, 1, 0, 0, 0)),
        ["zip: too many files"] = (ArchiveFormat.Zip, AdapterErrorKind.TooLarge, "too_many_files", () => ArchiveBytes.Zip(Many())),
        ["tar: empty body"] = Tar("tar_damaged", () => []),
        ["tar: no tar at all"] = Tar("tar_damaged", () => [.. Enumerable.Repeat((byte)'x', 5000)]),
        ["tar: cut in an entry"] = Tar("tar_damaged", () => ArchiveBytes.Tar(Lora())[..700]),
        ["tar: cut between entries"] = Tar("tar_damaged", () => ArchiveBytes.Tar(Lora())[..^1024]),
        ["tar: half of its end"] = Tar("tar_damaged", () => ArchiveBytes.Tar(Lora())[..^512]),
        ["tar: bytes behind the end"] = Tar("tar_damaged", () => [.. ArchiveBytes.Tar(Lora()), 1]),
        ["tar: endless zeros behind the end"] = Tar("tar_damaged", () => [.. ArchiveBytes.Tar(Lora()), .. new byte[3 << 20]]),
        ["tar: a wrong checksum"] = Tar("tar_damaged", () => Patch(ArchiveBytes.Tar(Lora()), 3, (byte)'?')),
        ["tar: a size that is no number"] = Tar("tar_damaged", () => [.. ArchiveBytes.RawHeader("a", "12zz", '0'), .. new byte[1024]]),
        ["tar: a size beyond the file"] = Tar("tar_damaged", () => [.. ArchiveBytes.RawHeader("a", "00000010000\0", '0'), .. new byte[1024]]),
        ["tar: a gigantic extended header"] = Tar("tar_damaged", () => [.. ArchiveBytes.RawHeader("a", "17777777777\0", 'x'), .. new byte[1024]]),
        ["tar: a damaged extended header"] = Tar("tar_damaged", () => [.. ArchiveBytes.RawHeader("a", "00000000004\0", 'x'), .. "9 a="u8, .. new byte[1532]]),
        ["tar: a symbolic link"] = Tar("archive_link", () => Special(TarEntryType.SymbolicLink)),
        ["tar: a hard link"] = Tar("archive_link", () => Special(TarEntryType.HardLink)),
        ["tar: a device"] = Tar("archive_link", () => Special(TarEntryType.CharacterDevice)),
        ["tar: a pipe"] = Tar("archive_link", () => Special(TarEntryType.Fifo)),
        ["tar: a long link"] = Tar("archive_link", () => [.. ArchiveBytes.RawHeader("a", "00000000004\0", 'K'), .. new byte[1024]]),
        ["tar: a folder"] = Tar("file_path", () => Special(TarEntryType.Directory)),
        ["tar: a path upwards"] = Tar("file_path", () => ArchiveBytes.Tar([new("../a.txt", [1])])),
        ["tar: a path upwards behind a dot"] = Tar("file_path", () => ArchiveBytes.Tar([new("./../a.txt", [1])])),
        ["tar: a path in an extended header"] = Tar("file_path", () => ArchiveBytes.Tar([new("a/" + new string('b', 150), [1])], TarEntryFormat.Pax)),
        ["tar: a GNU path"] = Tar("file_path", () => ArchiveBytes.Tar([new("a/" + new string('b', 150), [1])], TarEntryFormat.Gnu)),
        ["tar: the same name twice"] = Tar("duplicate_file", () => ArchiveBytes.Tar([new("a", [1]), new("./a", [2])])),
        ["tar: an archive by its content"] = Tar("nested_archive", () => ArchiveBytes.Tar([new("inner.txt", ArchiveBytes.Gzip([1, 2, 3]))])),
        ["tar: more than an upload may have"] = (ArchiveFormat.Tar, AdapterErrorKind.TooLarge, "upload_too_large", () => ArchiveBytes.Tar([new("zeros", new byte[20 << 20])])),
        ["tar.gz: a bomb"] = (ArchiveFormat.Tar, AdapterErrorKind.TooLarge, "upload_too_large", () => ArchiveBytes.Gzip(ArchiveBytes.Tar([new("zeros", new byte[20 << 20])]))),
        ["tar.gz: cut"] = Tar("gzip_damaged", () => ArchiveBytes.Gzip(ArchiveBytes.Tar(Lora()))[..^6]),
        ["tar.gz: bytes behind the end"] = Tar("gzip_damaged", () => [.. ArchiveBytes.Gzip(ArchiveBytes.Tar(Lora())), 9, 9, 9, 9]),
        ["tar.gz: damaged"] = Tar("gzip_damaged", () => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
    };

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    public static TheoryData<string> GoodNames => [.. Good.Keys];

    private static readonly Dictionary<string, (ArchiveFormat Format, Func<byte[]> Body)> Good = new(StringComparer.Ordinal)
    {
        ["zip"] = (ArchiveFormat.Zip, () => ArchiveBytes.Zip(Lora())),
        ["ustar"] = (ArchiveFormat.Tar, () => ArchiveBytes.Tar(Lora())),
        ["pax"] = (ArchiveFormat.Tar, () => ArchiveBytes.Tar(Lora(), TarEntryFormat.Pax)),
        ["GNU"] = (ArchiveFormat.Tar, () => ArchiveBytes.Tar(Lora(), TarEntryFormat.Gnu)),
        ["tar of a folder's content"] = (ArchiveFormat.Tar, () => ArchiveBytes.Tar(TarEntryFormat.Pax, writer =>
        {
            writer.WriteEntry(ArchiveBytes.Entry(TarEntryFormat.Pax, TarEntryType.Directory, "./"));
            foreach (var (name, content) in Lora())
            {
                writer.WriteEntry(ArchiveBytes.Entry(TarEntryFormat.Pax, TarEntryType.RegularFile, "./" + name, content));
            }
        })),
        ["tar with padding"] = (ArchiveFormat.Tar, () => [.. ArchiveBytes.Tar(Lora()), .. new byte[10240]]),
        ["tar.gz"] = (ArchiveFormat.Tar, () => ArchiveBytes.Gzip(ArchiveBytes.Tar(Lora()))),
    };

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task A_wrong_archive_is_refused_with_its_own_code_and_leaves_nothing(string name)
    {
        var (format, kind, code, body) = Wrong[name];
        using var folder = new TestFolder();
        using var storage = folder.Open();
        using (var staged = storage.Uploads.Begin())
        {
            using var stream = new MemoryStream(body());
            var error = await Assert.ThrowsAsync<AdapterStoreException>(() => staged.AddArchiveAsync(format, stream, TestContext.Current.CancellationToken));
            Assert.Equal((kind, code), (error.Kind, error.Code));
        }

        Assert.Empty(folder.AdapterFiles());
    }

    [Theory]
    [MemberData(nameof(GoodNames))]
    public async Task Every_form_of_archive_gives_the_digest_of_the_files_themselves(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var plain = await storage.PutAsync("plain", Lora());
        var (format, body) = Good[name];
        using var staged = storage.Uploads.Begin();
        using var stream = new MemoryStream(body());
        await staged.AddArchiveAsync(format, stream, cancellation);
        var packed = await storage.Uploads.PutAsync("acme", "packed", staged, null, cancellation);
        Assert.Equal(plain.Descriptor.Digest, packed.Descriptor.Digest);
    }

    [Fact]
    public void The_checksum_of_the_standard_check_string_is_the_published_one()
    {
        var crc = new Crc32();
        crc.Append("123456789"u8);
        Assert.Equal(0xCBF43926u, crc.Value);
    }

    private static Dictionary<string, byte[]> Lora() => new SmallLora().Files();

    private static Dictionary<string, byte[]> Many() => Enumerable.Range(0, 101).ToDictionary(i => $"file{i}", _ => new byte[] { 1 });

    private static (ArchiveFormat Format, AdapterErrorKind Kind, string Code, Func<byte[]> Body) Zip(string code, Func<byte[]> body) =>
        (ArchiveFormat.Zip, AdapterErrorKind.Malformed, code, body);

    private static (ArchiveFormat Format, AdapterErrorKind Kind, string Code, Func<byte[]> Body) Tar(string code, Func<byte[]> body) =>
        (ArchiveFormat.Tar, AdapterErrorKind.Malformed, code, body);

    private static byte[] Special(TarEntryType type) => ArchiveBytes.Tar(TarEntryFormat.Pax, writer =>
    {
        var entry = ArchiveBytes.Entry(TarEntryFormat.Pax, type, "thing");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/passwd";
        }

        writer.WriteEntry(entry);
    });

    /// <summary>An uncompressed zip entry, so that its content can be found and changed.</summary>
    private static byte[] Stored(string name, string content)
    {
        using var stream = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(stream, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry(name, System.IO.Compression.CompressionLevel.NoCompression).Open();
            entry.Write(System.Text.Encoding.ASCII.GetBytes(content));
        }

        return stream.ToArray();
    }

    /// <summary>One stored entry that the central directory lists three times.</summary>
    private static byte[] Overlapping()
    {
        var body = Stored("a.txt", new string('x', 3000));
        var directory = body.AsSpan().LastIndexOf("PK\x01\x02"u8);
        var end = body.AsSpan().LastIndexOf("PK\x05\x06"u8);
        var entry = body[directory..end];
        byte[] result = [.. body[..end], .. entry, .. entry, .. body[end..]];
        var record = result.AsSpan(result.Length - (body.Length - end));
        BinaryPrimitives.WriteUInt16LittleEndian(record[8..], 3);
        BinaryPrimitives.WriteUInt16LittleEndian(record[10..], 3);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], 3 * entry.Length);
        return result;
    }

    private static byte[] Patch(byte[] body, Index at, params byte[] values)
    {
        values.CopyTo(body.AsSpan(at.GetOffset(body.Length)));
        return body;
    }

    /// <summary>Changes the first entry of the central directory.</summary>
    private static byte[] PatchDirectory(byte[] body, int offset, params byte[] values) => Patch(body, body.AsSpan().LastIndexOf("PK\x01\x02"u8) + offset, values);

    private static byte[] Flip(byte[] body, ReadOnlySpan<byte> content)
    {
        body[body.AsSpan().IndexOf(content)] ^= 1;
        return body;
    }
}

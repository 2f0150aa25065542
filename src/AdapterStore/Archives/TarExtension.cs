using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace AdapterServe.AdapterStore.Archives;

/// <summary>What extended headers say about the entry behind them.</summary>
/// <param name="Name">The name in place of the header's, or null.</param>
/// <param name="Size">The size in place of the header's, or null.</param>
internal readonly record struct TarExtension(string? Name, long? Size)
{
    public static TarExtension None => default;

    public TarExtension With(TarHeader header, byte[] content) => header.Type switch
    {
        TarHeader.GnuLongName => this with { Name = Text(content.AsSpan().TrimEnd((byte)0)) },
        TarHeader.PaxLocal => WithRecords(content),
        TarHeader.PaxGlobal => this,
        _ => throw Damaged(),
    };

    /// <summary>Records are "length key=value\n", the length counting itself.</summary>
    private TarExtension WithRecords(ReadOnlySpan<byte> records)
    {
        var result = this;
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            if (space < 1 || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > records.Length || records[length - 1] != (byte)'\n')
            {
                throw Damaged();
            }

            var record = records[(space + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1)
            {
                throw Damaged();
            }

            result = result.WithRecord(Text(record[..equals]), record[(equals + 1)..]);
            records = records[length..];
        }

        return result;
    }

    private TarExtension WithRecord(string key, ReadOnlySpan<byte> value) => key switch
    {
        "path" => this with { Name = Text(value) },
        "size" => this with { Size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : throw Damaged() },
        _ when key.StartsWith("GNU.sparse.", StringComparison.Ordinal) => throw StoreErrors.Malformed("archive_link", "The tar archive holds a sparse file; pack it without --sparse."),
        _ => this,
    };

    private static string Text(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Damaged();

    private static AdapterStoreException Damaged() => StoreErrors.Malformed("tar_damaged", "The tar archive has a damaged extended header.");
}

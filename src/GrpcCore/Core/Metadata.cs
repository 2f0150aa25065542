using System.Collections.ObjectModel;
using System.Text;

namespace Grpc.Core;

/// <summary>Headers or trailers of a call, in order; a key may stand more than once. A key that ends with <c>-bin</c> has bytes, any other ASCII text.</summary>
public sealed class Metadata : Collection<Metadata.Entry>
{
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>Can't be changed.</summary>
    public static readonly Metadata Empty = new() { _isFrozen = true };

    private bool _isFrozen;

    /// <summary>The last entry of a key, or null.</summary>
    public Entry? Get(string key) => GetAll(key).LastOrDefault();

    public string? GetValue(string key) => Get(key)?.Value;

    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    public IEnumerable<Entry> GetAll(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return this.Where(entry => entry.Key.Equals(key, StringComparison.OrdinalIgnoreCase));
    }

    public void Add(string key, string value) => Add(new Entry(key, value));

    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    protected override void InsertItem(int index, Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        RequireMutable();
        base.InsertItem(index, item);
    }

    protected override void SetItem(int index, Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        RequireMutable();
        base.SetItem(index, item);
    }

    protected override void RemoveItem(int index)
    {
        RequireMutable();
        base.RemoveItem(index);
    }

    protected override void ClearItems()
    {
        RequireMutable();
        base.ClearItems();
    }

    private void RequireMutable()
    {
        if (_isFrozen)
        {
            throw new InvalidOperationException("This metadata can't be changed.");
        }
    }

    /// <summary>A key in lower case and its value. <b>Errors</b>: <see cref="ArgumentException"/> for a key that is not <c>[a-z0-9_.-]+</c> or whose suffix does not fit the value.</summary>
    public class Entry
    {
        private readonly string? _text;
        private readonly byte[]? _bytes;

        public Entry(string key, byte[] valueBytes)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            Key = Checked(key, isBinary: true);
            _bytes = [.. valueBytes];
        }

        public Entry(string key, string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Key = Checked(key, isBinary: false);
            _text = value;
        }

        public string Key { get; }

        public byte[] ValueBytes => _bytes is null ? Encoding.ASCII.GetBytes(_text!) : [.. _bytes];

        public string Value => _text ?? throw new InvalidOperationException($"'{Key}' has bytes, no text.");

        public bool IsBinary => _bytes is not null;

        public override string ToString() => IsBinary ? $"[Entry: key={Key}, valueBytes={_bytes!.Length}]" : $"[Entry: key={Key}, value={_text}]";

        private static string Checked(string key, bool isBinary)
        {
            ArgumentNullException.ThrowIfNull(key);
            var lower = key.ToLowerInvariant();
            if (lower.Length == 0 || lower.AsSpan().ContainsAnyExcept(s_keyCharacters))
            {
                throw new ArgumentException("A metadata key has letters, digits, '_', '-' and '.' only.", nameof(key));
            }

            return lower.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal) == isBinary
                ? lower
                : throw new ArgumentException(isBinary ? "The key of bytes ends with '-bin'." : "A key that ends with '-bin' has bytes.", nameof(key));
        }
    }

    private static readonly System.Buffers.SearchValues<char> s_keyCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.");
}

using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>
/// Writes a safetensors file front to back: the header when it is made, then the tensors' data in the order of the entries.
/// <b>Layout</b>: the data begins at a multiple of 64 bytes.
/// <b>Effects</b>: holds no tensor; the stream stays the caller's.
/// <b>Errors</b>: <see cref="InvalidOperationException"/> for more or fewer elements than announced.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int ChunkElements = 1 << 16;
    private readonly Stream _stream;
    private readonly ImmutableArray<SafetensorsEntry> _entries;
    private int _current;
    private long _written;

    public SafetensorsWriter(Stream stream, IEnumerable<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        _stream = stream;
        _entries = [.. entries];
        WriteHeader(metadata);
        SkipEmpty();
    }

    /// <summary>Bytes of the current tensor, little-endian, as the file holds them; a tensor may come in any number of pieces.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_current == _entries.Length || bytes.Length > _entries[_current].Bytes - _written)
        {
            throw new InvalidOperationException("More bytes than the tensor has.");
        }

        _stream.Write(bytes);
        _written += bytes.Length;
        if (_written == _entries[_current].Bytes)
        {
            _current++;
            _written = 0;
            SkipEmpty();
        }
    }

    /// <summary>Elements of the current tensor, rounded to its type (f32, bf16 or f16) to nearest even.</summary>
    public void Write(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var type = _current < _entries.Length ? _entries[_current].DType : throw new InvalidOperationException("More elements than the tensors have.");
        if (type == SafetensorsType.F32)
        {
            Write(MemoryMarshal.AsBytes(values));
            return;
        }

        var rented = ArrayPool<ushort>.Shared.Rent(Math.Min(values.Length, ChunkElements));
        for (var done = 0; done < values.Length; done += ChunkElements)
        {
            var chunk = values[done..Math.Min(values.Length, done + ChunkElements)];
            Narrow(type, chunk, rented);
            Write(MemoryMarshal.AsBytes(rented.AsSpan(0, chunk.Length)));
        }

        ArrayPool<ushort>.Shared.Return(rented);
    }

    /// <summary>Checks that every tensor is there and flushes the stream.</summary>
    public void Complete()
    {
        if (_current != _entries.Length)
        {
            throw new InvalidOperationException($"The tensor '{_entries[_current].Name}' is not complete.");
        }

        _stream.Flush();
    }

    private static void Narrow(SafetensorsType type, ReadOnlySpan<float> values, Span<ushort> destination)
    {
        if (type is not (SafetensorsType.BF16 or SafetensorsType.F16))
        {
            throw new InvalidOperationException($"Floats can't be written as {type}.");
        }

        for (var i = 0; i < values.Length; i++)
        {
            destination[i] = type == SafetensorsType.BF16 ? FloatConversion.ToBF16(values[i]) : BitConverter.HalfToUInt16Bits((Half)values[i]);
        }
    }

    private void SkipEmpty()
    {
        while (_current < _entries.Length && _entries[_current].Bytes == 0)
        {
            _current++;
        }
    }

    private void WriteHeader(IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is not null)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            var offset = 0L;
            foreach (var entry in _entries)
            {
                WriteEntry(json, entry, offset);
                offset += entry.Bytes;
            }

            json.WriteEndObject();
        }

        var padding = -(8 + buffer.WrittenCount) & 63;
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, buffer.WrittenCount + padding);
        _stream.Write(length);
        _stream.Write(buffer.WrittenSpan);
        Span<byte> spaces = stackalloc byte[64];
        spaces.Fill((byte)' ');
        _stream.Write(spaces[..padding]);
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsEntry entry, long offset)
    {
        json.WriteStartObject(entry.Name);
        json.WriteString("dtype", SafetensorsTypes.Name(entry.DType));
        json.WriteStartArray("shape");
        foreach (var size in entry.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + entry.Bytes);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

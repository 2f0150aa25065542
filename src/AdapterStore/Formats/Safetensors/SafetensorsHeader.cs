using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>Parses and checks a header; nothing of it is trusted.</summary>
internal static class SafetensorsHeader
{
    public const int MaxRank = 16;
    private const string MetadataKey = "__metadata__";

    /// <param name="header">The header's bytes.</param>
    /// <param name="dataStart">Where the data begins in the file.</param>
    /// <param name="dataBytes">The size of the data.</param>
    public static (Dictionary<string, SafetensorsTensor> Tensors, Dictionary<string, string> Metadata) Parse(
        ReadOnlySpan<byte> header, long dataStart, long dataBytes)
    {
        if (!Utf8.IsValid(header))
        {
            throw SafetensorsErrors.NotUtf8();
        }

        try
        {
            var reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 8 });
            var parsed = ReadObject(ref reader, dataStart, dataBytes);
            CheckLayout(parsed.Tensors, dataStart, dataBytes);
            return parsed;
        }
        catch (JsonException error)
        {
            throw SafetensorsErrors.NotJson($"it breaks at byte {error.BytePositionInLine}", error);
        }
        catch (InvalidOperationException error)
        {
            // An escaped half of a surrogate pair: JSON's grammar has it, no string does.
            throw SafetensorsErrors.NotJson("a string holds half a surrogate pair", error);
        }
    }

    private static (Dictionary<string, SafetensorsTensor> Tensors, Dictionary<string, string> Metadata) ReadObject(
        ref Utf8JsonReader reader, long dataStart, long dataBytes)
    {
        var tensors = new Dictionary<string, SafetensorsTensor>(StringComparer.Ordinal);
        Dictionary<string, string>? metadata = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw SafetensorsErrors.NotJson("it does not begin with '{'");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == MetadataKey)
            {
                metadata = metadata is null ? ReadMetadata(ref reader) : throw SafetensorsErrors.Duplicate(name);
            }
            else if (!tensors.TryAdd(name, ReadEntry(ref reader, name, dataStart, dataBytes)))
            {
                throw SafetensorsErrors.Duplicate(name);
            }
        }

        reader.Read(); // Throws on anything but white space after the object.
        return (tensors, metadata ?? []);
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw SafetensorsErrors.Metadata();
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw SafetensorsErrors.Metadata();
            }

            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw SafetensorsErrors.Duplicate(key);
            }
        }

        return metadata;
    }

    private static SafetensorsTensor ReadEntry(ref Utf8JsonReader reader, string name, long dataStart, long dataBytes)
    {
        string? type = null;
        ImmutableArray<long>? shape = null, offsets = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw SafetensorsErrors.Entry(name, "is not an object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            var repeated = key switch { "dtype" => type is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false };
            if (repeated)
            {
                throw SafetensorsErrors.Duplicate(key);
            }

            switch (key)
            {
                case "dtype" when reader.TokenType == JsonTokenType.String:
                    type = reader.GetString();
                    break;
                case "shape":
                    shape = ReadIntegers(ref reader, MaxRank) ?? throw SafetensorsErrors.Shape(name);
                    break;
                case "data_offsets":
                    offsets = ReadIntegers(ref reader, 2) ?? throw SafetensorsErrors.Offsets(name);
                    break;
                default:
                    throw SafetensorsErrors.Entry(name, key == "dtype" ? "has a dtype that is not a string" : "has a field that the format does not know");
            }
        }

        return type is null || shape is null || offsets is null
            ? throw SafetensorsErrors.Entry(name, "lacks dtype, shape or data_offsets")
            : Check(name, type, shape.Value, offsets.Value, dataStart, dataBytes);
    }

    /// <summary>An array of at most <paramref name="limit"/> integers from 0, or null.</summary>
    private static ImmutableArray<long>? ReadIntegers(ref Utf8JsonReader reader, int limit)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var values = ImmutableArray.CreateBuilder<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var value) || value < 0 || values.Count == limit)
            {
                return null;
            }

            values.Add(value);
        }

        return values.ToImmutable();
    }

    private static SafetensorsTensor Check(
        string name, string typeName, ImmutableArray<long> shape, ImmutableArray<long> offsets, long dataStart, long dataBytes)
    {
        if (!SafetensorsTypes.TryParse(typeName, out var type))
        {
            throw SafetensorsErrors.UnknownType(name, typeName);
        }

        if (offsets.Length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes)
        {
            throw SafetensorsErrors.Offsets(name);
        }

        var expected = (Int128)SafetensorsTypes.Bytes(type);
        foreach (var size in shape)
        {
            expected *= size;
            if (expected > long.MaxValue)
            {
                throw SafetensorsErrors.Shape(name);
            }
        }

        var bytes = offsets[1] - offsets[0];
        return bytes == expected
            ? new SafetensorsTensor(name, type, shape, dataStart + offsets[0], bytes)
            : throw SafetensorsErrors.Size(name, bytes, (long)expected);
    }

    private static void CheckLayout(Dictionary<string, SafetensorsTensor> tensors, long dataStart, long dataBytes)
    {
        var end = dataStart;
        var previous = "";
        foreach (var tensor in tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Bytes))
        {
            if (tensor.Offset != end)
            {
                throw tensor.Offset < end ? SafetensorsErrors.Overlap(previous, tensor.Name) : SafetensorsErrors.Gap(tensor.Name);
            }

            end += tensor.Bytes;
            previous = tensor.Name;
        }

        if (end != dataStart + dataBytes)
        {
            throw SafetensorsErrors.Trailing(dataStart + dataBytes - end);
        }
    }
}

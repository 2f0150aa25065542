using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <summary>An embedding as a list of numbers, or as its little-endian 32-bit floats in base64.</summary>
[JsonConverter(typeof(Writer))]
internal sealed record EmbeddingVector(float[] Values, bool IsBase64)
{
    /// <summary>Answers are only written.</summary>
    internal sealed class Writer : JsonConverter<EmbeddingVector>
    {
        public override EmbeddingVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, EmbeddingVector value, JsonSerializerOptions options)
        {
            if (value.IsBase64)
            {
                writer.WriteBase64StringValue(MemoryMarshal.AsBytes(value.Values.AsSpan()));
                return;
            }

            writer.WriteStartArray();
            foreach (var component in value.Values)
            {
                writer.WriteNumberValue(component);
            }

            writer.WriteEndArray();
        }
    }
}

using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace AdapterServe.AdapterServer.Grpc.Messages;

/// <summary>
/// A request's message as the JSON of the REST interface, so that both are read and checked by the same code. <b>Semantics</b>: a field that is set becomes the member of its
/// name; options, a combination and <c>more</c> become members of what they stand in. <b>Errors</b>: <see cref="ApiException"/> 400 as of a JSON body.
/// </summary>
internal static class MessageJson
{
    private const string More = "more";

    /// <summary>The document; the caller disposes it.</summary>
    public static JsonDocument Write(IMessage message, bool isChat = false)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true, Encoder = RestJson.Encoder }))
        {
            json.WriteStartObject();
            WriteMembers(json, message, isChat);
            json.WriteEndObject();
        }

        return JsonBody.Parse(bytes.WrittenMemory);
    }

    private static void WriteMembers(Utf8JsonWriter json, IMessage message, bool isChat)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (!IsSet(field, message))
            {
                continue;
            }

            switch (field.Accessor.GetValue(message))
            {
                case GenerationOptions or Combination:
                    WriteMembers(json, (IMessage)field.Accessor.GetValue(message), isChat);
                    break;
                case Struct further when field.Name == More:
                    WriteMembers(json, further);
                    break;
                case int top when isChat && message is GenerationOptions && field.FieldNumber == GenerationOptions.LogprobsFieldNumber:
                    // OpenAI's chats ask for them in two fields.
                    json.WriteBoolean("logprobs", true);
                    json.WriteNumber("top_logprobs", top);
                    break;
                case var value:
                    json.WritePropertyName(field.Name);
                    WriteValue(json, value, field.Name);
                    break;
            }
        }
    }

    private static bool IsSet(FieldDescriptor field, IMessage message)
    {
        if (field.IsRepeated)
        {
            return ((ICollection)field.Accessor.GetValue(message)).Count > 0;
        }

        return field.HasPresence ? field.Accessor.HasValue(message) : field.Accessor.GetValue(message) is not "";
    }

    private static void WriteValue(Utf8JsonWriter json, object? value, string path)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case float number:
                json.WriteNumberValue(float.IsFinite(number) ? number : throw NotFinite(path));
                break;
            case double number:
                json.WriteNumberValue(double.IsFinite(number) ? number : throw NotFinite(path));
                break;
            case Struct further:
                json.WriteStartObject();
                WriteMembers(json, further);
                json.WriteEndObject();
                break;
            case Value any:
                WriteAny(json, any, path);
                break;
            case Prompt prompt:
                WriteValue(json, prompt.ContentCase == Prompt.ContentOneofCase.TokenIds ? prompt.TokenIds.Ids : prompt.Text, path);
                break;
            case IMessage message:
                json.WriteStartObject();
                WriteMembers(json, message, isChat: false);
                json.WriteEndObject();
                break;
            case IDictionary map:
                WriteMap(json, map, path);
                break;
            case IEnumerable list:
                WriteList(json, list, path);
                break;
            default:
                throw new NotSupportedException($"The field '{path}' is of a kind that requests don't have.");
        }
    }

    private static void WriteAny(Utf8JsonWriter json, Value value, string path)
    {
        switch (value.KindCase)
        {
            case Value.KindOneofCase.StringValue:
                json.WriteStringValue(value.StringValue);
                break;
            case Value.KindOneofCase.BoolValue:
                json.WriteBooleanValue(value.BoolValue);
                break;
            case Value.KindOneofCase.NumberValue:
                WriteValue(json, value.NumberValue, path);
                break;
            case Value.KindOneofCase.StructValue:
                WriteValue(json, value.StructValue, path);
                break;
            case Value.KindOneofCase.ListValue:
                WriteList(json, value.ListValue.Values, path);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, Struct value)
    {
        foreach (var (name, member) in value.Fields)
        {
            json.WritePropertyName(name);
            WriteAny(json, member, name);
        }
    }

    private static void WriteMap(Utf8JsonWriter json, IDictionary map, string path)
    {
        json.WriteStartObject();
        foreach (DictionaryEntry entry in map)
        {
            json.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!);
            WriteValue(json, entry.Value, path);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, IEnumerable list, string path)
    {
        json.WriteStartArray();
        foreach (var item in list)
        {
            WriteValue(json, item, path);
        }

        json.WriteEndArray();
    }

    private static ApiException NotFinite(string path) => ApiException.Invalid(path, $"'{path}' must be a finite number.");
}

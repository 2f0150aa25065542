using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.AdapterServer.Json;

/// <summary>Parts of a document as nodes that can stand in another one. They read the document, which must outlive them.</summary>
internal static class JsonNodes
{
    public static JsonNode? Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        _ => JsonValue.Create(value),
    };
}

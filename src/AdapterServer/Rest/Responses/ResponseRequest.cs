using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>A checked request for a response.</summary>
/// <param name="Chat">The same request as <c>/v1/chat/completions</c> takes it.</param>
/// <param name="Echo">Fields that the answer repeats, by name; independent of the body.</param>
internal sealed record ResponseRequest(JsonObject Chat, IReadOnlyDictionary<string, JsonElement> Echo);

using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <param name="GeneratedText">Without special tokens; a stop string that ended it is a part of it, as in TGI.</param>
/// <param name="Details">Left out unless asked for.</param>
internal sealed record GenerateResponse(string GeneratedText, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerateDetails? Details);

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterServer.Rest.Embeddings;
using AdapterServe.AdapterServer.Rest.Generate;
using AdapterServe.AdapterServer.Rest.Health;
using AdapterServe.AdapterServer.Rest.Keys;
using AdapterServe.AdapterServer.Rest.KServe;
using AdapterServe.AdapterServer.Rest.Messages;
using AdapterServe.AdapterServer.Rest.Models;
using AdapterServe.AdapterServer.Rest.Responses;
using AdapterServe.AdapterServer.Rest.Tenants;
using AdapterServe.AdapterServer.Rest.Tokenize;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Inspection;
using AdapterServe.AdapterStore.Uploads.Resumable;

namespace AdapterServe.AdapterServer.Json;

/// <summary>Generated JSON of every answer, in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(HealthStatus))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(CompletionResponse))]
[JsonSerializable(typeof(CompletionUsageEvent))]
[JsonSerializable(typeof(ChatResponse))]
[JsonSerializable(typeof(ChatUsageEvent))]
[JsonSerializable(typeof(EmbeddingResponse))]
[JsonSerializable(typeof(GenerateError))]
[JsonSerializable(typeof(GenerateResponse))]
[JsonSerializable(typeof(GenerateResponse[]))]
[JsonSerializable(typeof(GenerateEvent))]
[JsonSerializable(typeof(GenerateInfo))]
[JsonSerializable(typeof(ResponseBody))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(MessageBody))]
[JsonSerializable(typeof(MessageCount))]
[JsonSerializable(typeof(MessageEnd))]
[JsonSerializable(typeof(MessageError))]
[JsonSerializable(typeof(MessageEvent))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(AdapterDescriptor))]
[JsonSerializable(typeof(AdapterInspection))]
[JsonSerializable(typeof(AdapterList))]
[JsonSerializable(typeof(AdapterAlias))]
[JsonSerializable(typeof(UploadStatus))]
[JsonSerializable(typeof(AuditItem))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(KeyItem))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(AdapterResidency))]
[JsonSerializable(typeof(AdapterDeleted))]
[JsonSerializable(typeof(AdapterFusion))]
[JsonSerializable(typeof(TenantItem))]
[JsonSerializable(typeof(TenantList))]
[JsonSerializable(typeof(OwnUsage))]
[JsonSerializable(typeof(InferenceResponse))]
[JsonSerializable(typeof(ServerMetadata))]
[JsonSerializable(typeof(ServerLiveness))]
[JsonSerializable(typeof(ServerReadiness))]
[JsonSerializable(typeof(ModelMetadata))]
[JsonSerializable(typeof(ModelReadiness))]
internal sealed partial class RestJson : JsonSerializerContext
{
    /// <summary>Text as UTF-8 rather than as escapes: answers are JSON and never stand inside HTML.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The context with <see cref="Encoder"/>.</summary>
    public static RestJson Answers { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = Encoder });
}

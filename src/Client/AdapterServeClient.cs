using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.Client.Access;
using AdapterServe.Client.Adapters;
using AdapterServe.Client.Completions;
using AdapterServe.Client.Http;
using AdapterServe.Client.Models;
using AdapterServe.Client.Sse;

namespace AdapterServe.Client;

/// <summary>
/// A server's REST interface as one tenant sees it. <b>Effects</b>: thread-safe; the HTTP client stays the caller's, so that many tenants share its
/// connections (<see cref="Transport.Create"/>). <b>Errors</b>: <see cref="ApiException"/> for what the server refuses,
/// <see cref="HttpRequestException"/> where it can't be reached, <see cref="SseFormatException"/> and <see cref="InvalidDataException"/> for answers
/// that are not of the interface.
/// </summary>
public sealed class AdapterServeClient(HttpClient http, string? apiKey = null, SseLimits? limits = null) : ICompletionClient
{
    private const int MaxListBytes = 64 << 20;
    private const int MaxReceiptBytes = 1 << 20;
    private readonly SseLimits _limits = limits ?? new SseLimits();
    private readonly RestConnection _rest = new(http, apiKey);

    /// <summary>Upload, list, name and inspect adapters.</summary>
    public AdapterCalls Adapters => new(_rest);

    /// <summary>API keys.</summary>
    public KeyCalls Keys => new(_rest);

    /// <summary>Tenants' limits.</summary>
    public TenantCalls Tenants => new(_rest);

    /// <summary>
    /// The pieces of an answer as they come. <b>Errors</b>: a stream that ends without <c>[DONE]</c> is a <see cref="SseFormatException"/>.
    /// </summary>
    public async IAsyncEnumerable<CompletionChunk> StreamAsync(
        CompletionRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var content = RestConnection.Json(CompletionRequestWriter.Write(request));
        using var response = await _rest.SendAsync(
            HttpMethod.Post, request.Messages is null ? "v1/completions" : "v1/chat/completions", content, cancellation).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            throw new SseFormatException("The server did not answer with a stream of events.");
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await foreach (var next in ServerSentEvents.ReadAsync(stream, _limits, cancellation).ConfigureAwait(false))
        {
            if (next.Data.Span.SequenceEqual("[DONE]"u8))
            {
                yield break;
            }

            yield return CompletionChunkReader.Read(next.Data);
        }

        throw new SseFormatException("The stream ended before the answer did.");
    }

    /// <summary>The base and the adapters that the tenant may use.</summary>
    public async Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellation = default)
    {
        using var response = await _rest.SendAsync(HttpMethod.Get, "v1/models", null, cancellation).ConfigureAwait(false);
        using var json = await Answers.ReadJsonAsync(response, MaxListBytes, cancellation).ConfigureAwait(false);
        return ModelListReader.Read(json.RootElement);
    }

    /// <summary>Uploads an adapter's files, or replaces the adapter that has the name.</summary>
    public async Task<AdapterReceipt> PutAdapterAsync(string name, IEnumerable<string> files, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(files);
        using var form = new MultipartFormDataContent();
        foreach (var path in files)
        {
            form.Add(new StreamContent(File.OpenRead(path)), "files", Path.GetFileName(path));
        }

        using var response = await _rest.SendAsync(HttpMethod.Put, "v1/adapters/" + Uri.EscapeDataString(name), form, cancellation).ConfigureAwait(false);
        using var json = await Answers.ReadJsonAsync(response, MaxReceiptBytes, cancellation).ConfigureAwait(false);
        var isNew = response.StatusCode == System.Net.HttpStatusCode.Created;
        return json.RootElement.TryGetProperty("version", out var version) && version.TryGetInt32(out var number)
            && json.RootElement.TryGetProperty("digest", out var digest)
            && digest.ValueKind == JsonValueKind.String
            ? new AdapterReceipt(name, number, digest.GetString()!, isNew)
            : throw new InvalidDataException("The server's answer to an upload has no version and digest; is this AdapterServe?");
    }

    /// <summary>Each text's embedding, of Euclidean norm 1.</summary>
    /// <param name="model">The base's name or an adapter's.</param>
    /// <param name="texts">One at least.</param>
    /// <param name="dimensions">The first ones alone; null: all.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var body = new JsonObject { ["model"] = model, ["input"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]), ["encoding_format"] = "base64", ["dimensions"] = dimensions };
        var answer = await _rest.AskAsync(HttpMethod.Post, "v1/embeddings", RestConnection.Json(body), cancellation).ConfigureAwait(false);
        return answer.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array && data.GetArrayLength() == texts.Count
            ? [.. data.EnumerateArray().Select(Vector)]
            : throw new InvalidDataException("The server's answer has not one embedding for each text.");
    }

    /// <summary>Whether the server answers requests: <c>/readyz</c>.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellation = default)
    {
        try
        {
            using var response = await _rest.SendAsync(HttpMethod.Get, "readyz", null, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (ApiException e) when (e.Status == 503)
        {
            return false;
        }
    }

    /// <summary>Any other GET that answers JSON.</summary>
    public async Task<JsonDocument> GetJsonAsync(string path, CancellationToken cancellation = default)
    {
        using var response = await _rest.SendAsync(HttpMethod.Get, path, null, cancellation).ConfigureAwait(false);
        return await Answers.ReadJsonAsync(response, MaxListBytes, cancellation).ConfigureAwait(false);
    }

    private static float[] Vector(JsonElement item)
    {
        var text = JsonMembers.Text(item, "embedding");
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && length % sizeof(float) == 0
            ? MemoryMarshal.Cast<byte, float>(bytes.AsSpan(0, length)).ToArray()
            : throw new InvalidDataException("The server's answer has an embedding that is not base64 of 32-bit floats.");
    }
}

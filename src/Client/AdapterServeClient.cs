using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
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
    private static readonly MediaTypeHeaderValue s_json = new("application/json");
    private readonly SseLimits _limits = limits ?? new SseLimits();

    /// <summary>
    /// The pieces of an answer as they come. <b>Errors</b>: a stream that ends without <c>[DONE]</c> is a <see cref="SseFormatException"/>.
    /// </summary>
    public async IAsyncEnumerable<CompletionChunk> StreamAsync(
        CompletionRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var content = new ByteArrayContent(CompletionRequestWriter.Write(request));
        content.Headers.ContentType = s_json;
        using var response = await SendAsync(
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
        using var response = await SendAsync(HttpMethod.Get, "v1/models", null, cancellation).ConfigureAwait(false);
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

        using var response = await SendAsync(HttpMethod.Put, "v1/adapters/" + Uri.EscapeDataString(name), form, cancellation).ConfigureAwait(false);
        using var json = await Answers.ReadJsonAsync(response, MaxReceiptBytes, cancellation).ConfigureAwait(false);
        var isNew = response.StatusCode == System.Net.HttpStatusCode.Created;
        return json.RootElement.TryGetProperty("version", out var version) && version.TryGetInt32(out var number)
            && json.RootElement.TryGetProperty("digest", out var digest)
            && digest.ValueKind == JsonValueKind.String
            ? new AdapterReceipt(name, number, digest.GetString()!, isNew)
            : throw new InvalidDataException("The server's answer to an upload has no version and digest; is this AdapterServe?");
    }

    /// <summary>Any other GET that answers JSON.</summary>
    public async Task<JsonDocument> GetJsonAsync(string path, CancellationToken cancellation = default)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellation).ConfigureAwait(false);
        return await Answers.ReadJsonAsync(response, MaxListBytes, cancellation).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = content, Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy,
        };
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        try
        {
            await Answers.RequireSuccessAsync(response, cancellation).ConfigureAwait(false);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}

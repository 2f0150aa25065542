using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.Client.Http;

/// <summary>Sends one tenant's requests. <b>Errors</b>: as <see cref="AdapterServeClient"/>.</summary>
internal sealed class RestConnection(HttpClient http, string? apiKey)
{
    private const int MaxAnswerBytes = 64 << 20;
    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    public static HttpContent Json(byte[] body) => new ByteArrayContent(body) { Headers = { ContentType = s_json } };

    public static HttpContent Json(JsonObject body) => Json(JsonSerializer.SerializeToUtf8Bytes(body));

    /// <summary>An answer that succeeded; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = content, Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy,
        };
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
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

    /// <summary>The answer's JSON object.</summary>
    public async Task<JsonElement> AskAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation, string? ifMatch = null)
    {
        using var response = await SendAsync(method, path, content, cancellation, ifMatch).ConfigureAwait(false);
        using var json = await Answers.ReadJsonAsync(response, MaxAnswerBytes, cancellation).ConfigureAwait(false);
        return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : throw new InvalidDataException($"The answer to {path} is no JSON object.");
    }

    /// <summary>The items of a list, page by page as they are read.</summary>
    /// <param name="path">With at least one parameter behind the question mark.</param>
    /// <param name="mark">The member of an item that <c>after</c> takes.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<JsonElement> ListAsync(string path, string mark, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var after = string.Empty; ;)
        {
            var page = await AskAsync(HttpMethod.Get, path + after, null, cancellation).ConfigureAwait(false);
            if (!page.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
            {
                throw new InvalidDataException($"The answer to {path} has no list 'data'; is this AdapterServe?");
            }

            JsonElement last = default;
            foreach (var item in data.EnumerateArray())
            {
                last = item;
                yield return item;
            }

            if (!page.TryGetProperty("has_more", out var more) || more.ValueKind != JsonValueKind.True || last.ValueKind != JsonValueKind.Object || !last.TryGetProperty(mark, out var name))
            {
                yield break;
            }

            after = "&after=" + Uri.EscapeDataString(name.ToString());
        }
    }
}

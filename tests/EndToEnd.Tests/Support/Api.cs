using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>Requests as any HTTP client makes them.</summary>
internal static class Api
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static StringContent Json(string body) => new(body, new UTF8Encoding(false), new MediaTypeHeaderValue("application/json"));

    /// <summary>Posts and expects 200.</summary>
    public static async Task<JsonNode> PostAsync(this HttpClient client, string path, JsonNode body)
    {
        using var response = await client.PostAsync(path, Json(body.ToJsonString()), Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True((int)response.StatusCode == 200, $"{(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    public static async Task<JsonNode> GetJsonAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True((int)response.StatusCode == 200, $"{(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Posts with streaming; the events up to <c>[DONE]</c>, which must be the last.</summary>
    public static async Task<List<JsonNode>> StreamAsync(this HttpClient client, string path, JsonNode body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body.ToJsonString()) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.True((int)response.StatusCode == 200, await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var events = new List<JsonNode>();
        var done = false;
        await foreach (var data in ReadEventsAsync(await response.Content.ReadAsStreamAsync(Cancellation)))
        {
            Assert.False(done, "An event after [DONE].");
            done = data == "[DONE]";
            if (!done)
            {
                events.Add(JsonNode.Parse(data)!);
            }
        }

        Assert.True(done, "The stream ended without [DONE].");
        return events;
    }

    /// <summary>The data of each event.</summary>
    public static async IAsyncEnumerable<string> ReadEventsAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await reader.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Length > 0)
            {
                Assert.StartsWith("data: ", line, StringComparison.Ordinal);
                yield return line["data: ".Length..];
            }
        }
    }

    /// <summary>Checks that an answer is an error of OpenAI's form, and returns it.</summary>
    public static async Task<JsonElement> ErrorAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        var error = Assert.Single(body.RootElement.EnumerateObject());
        Assert.Equal("error", error.Name);
        Assert.Equal(["code", "message", "param", "type"], error.Value.EnumerateObject().Select(property => property.Name).Order());
        Assert.False(string.IsNullOrWhiteSpace(error.Value.GetProperty("message").GetString()));
        return error.Value.Clone();
    }

    public static async Task<HttpResponseMessage> PutFilesAsync(this HttpClient client, string name, IEnumerable<(string Name, byte[] Content)> files, string? ifMatch = null)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (file, content) in files)
        {
            form.Add(new ByteArrayContent(content), "files", file);
        }

        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/adapters/{name}") { Content = form };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await client.SendAsync(request, Cancellation);
    }

    /// <summary>The files of an adapter's folder.</summary>
    public static (string Name, byte[] Content)[] Files(string folder) => [.. Directory.GetFiles(folder).Order().Select(path => (Path.GetFileName(path), File.ReadAllBytes(path)))];
}

using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// An answer as server-sent events. <b>Semantics</b>: each event is one line <c>data: JSON</c>, behind its name where it has one, and is flushed; the last is <c>data: [DONE]</c> unless events have names,
/// or an error's body when the answer broke: a stream never ends in silence. <b>Effects</b>: sending is serialised; any thread may send.
/// </summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Utf8JsonWriter _json;

    public EventStream(HttpContext context)
    {
        _context = context;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        // Proxies that buffer would turn the stream into one late answer.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        _json = new Utf8JsonWriter(context.Response.BodyWriter, new JsonWriterOptions { Encoder = RestJson.Encoder, SkipValidation = true });
    }

    /// <summary>Runs <paramref name="body"/>, which sends the events, and ends the stream as OpenAI's completions do.</summary>
    public Task RunAsync(Func<Task> body) => RunAsync(
        async () =>
        {
            await body().ConfigureAwait(false);
            await SendRawAsync("[DONE]"u8.ToArray()).ConfigureAwait(false);
        },
        error => SendAsync(error.Body, RestJson.Answers.ErrorBody));

    /// <summary>Runs <paramref name="body"/>, which sends the events; when the answer breaks after the first, <paramref name="fail"/> sends the last.</summary>
    public async Task RunAsync(Func<Task> body, Func<ApiError, Task> fail)
    {
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (Exception) when (!_context.Response.HasStarted)
        {
            // Nothing was sent yet, so the answer can still have the error's own status.
            _context.Response.Headers.CacheControl = default;
            _context.Response.Headers.Remove("X-Accel-Buffering");
            throw;
        }
        catch (Exception exception) when (!_context.RequestAborted.IsCancellationRequested)
        {
            var error = ErrorMapper.Map(exception);
            if (error.Status == StatusCodes.Status500InternalServerError)
            {
                var logger = _context.RequestServices.GetRequiredService<ILogger<EventStream>>();
                ServerLog.RequestFailed(logger, _context.Request.Path, exception);
            }

            await fail(error).ConfigureAwait(false);
        }
        catch (Exception) when (_context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads any more.
        }
    }

    /// <param name="value">The data.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="name">The event's name, or null for none.</param>
    public async Task SendAsync<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        await _turn.WaitAsync(_context.RequestAborted).ConfigureAwait(false);
        try
        {
            var output = _context.Response.BodyWriter;
            if (name is not null)
            {
                output.Write(Encoding.ASCII.GetBytes($"event: {name}\n"));
            }

            output.Write("data: "u8);
            _json.Reset();
            JsonSerializer.Serialize(_json, value, type);
            _json.Flush();
            output.Write("\n\n"u8);
            await output.FlushAsync(_context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    private async Task SendRawAsync(byte[] data)
    {
        var output = _context.Response.BodyWriter;
        output.Write("data: "u8);
        output.Write(data);
        output.Write("\n\n"u8);
        await output.FlushAsync(_context.RequestAborted).ConfigureAwait(false);
    }
}

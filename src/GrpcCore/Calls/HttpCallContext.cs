using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>
/// A call over HTTP/2. <b>Effects</b>: messages are written one at a time; once <see cref="EndAsync"/> has begun no more is written, and what the handler
/// still tries fails.
/// </summary>
internal sealed class HttpCallContext : ServerCallContext, IDisposable
{
    private readonly IMethod _method;
    private readonly MethodOptions _options;
    private readonly CallDeadline _deadline;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lazy<MessageReader> _reader;
    private MessageWriter? _writer;
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private AuthContext? _authContext;
    private volatile bool _hasEnded;

    public HttpCallContext(HttpContext http, IMethod method, MethodOptions options, TimeProvider time, TimeSpan? timeout)
    {
        HttpContext = http;
        _method = method;
        _options = options;
        _deadline = new CallDeadline(timeout, time, http.RequestAborted);
        _reader = new(() => new MessageReader(HttpContext.Request.BodyReader, options, HttpContext.Request.Headers[GrpcProtocol.Encoding]));
    }

    public HttpContext HttpContext { get; }

    public CallDeadline End => _deadline;

    public MessageReader Reader => _reader.Value;

    /// <summary>What was added, or null.</summary>
    public Metadata? AddedTrailers => _responseTrailers;

    protected override string MethodCore => _method.FullName;

    protected override string HostCore => HttpContext.Request.Host.Value ?? string.Empty;

    protected override string PeerCore => HttpContext.Connection.RemoteIpAddress is { } address
        ? $"{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"ipv6:[{address}]" : $"ipv4:{address}")}:{HttpContext.Connection.RemotePort}"
        : "unknown";

    protected override DateTime DeadlineCore => _deadline.Utc;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= MetadataHeaders.Read(HttpContext.Request.Headers);

    protected override CancellationToken CancellationTokenCore => _deadline.Token;

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => _authContext ??= new AuthContext(null, []);

    private MessageWriter Writer => _writer ??= MessageWriter.Of(HttpContext, _options);

    /// <summary>Sends a stream's message. <b>Errors</b>: as <see cref="IAsyncStreamWriter{T}.WriteAsync(T)"/>; cancellation of the call or of the token.</summary>
    public async Task WriteAsync<T>(T message, Action<T, SerializationContext> serialize, WriteFlags flags, CancellationToken cancellationToken)
    {
        if (!await _turn.WaitAsync(0, CancellationToken.None).ConfigureAwait(false))
        {
            throw new InvalidOperationException(_hasEnded ? "The call has ended." : "The previous message is still being written.");
        }

        try
        {
            CancellationToken.ThrowIfCancellationRequested();
            cancellationToken.ThrowIfCancellationRequested();
            Writer.Write(message, serialize, flags);
            if (!flags.HasFlag(WriteFlags.BufferHint))
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes the one answer; it goes out with the trailers.</summary>
    public async Task AnswerAsync<T>(T? message, Action<T, SerializationContext> serialize)
        where T : class
    {
        if (message is null)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "The handler gave no answer."));
        }

        await _turn.WaitAsync(CancellationToken).ConfigureAwait(false);
        try
        {
            // An error's status stands alone.
            if (StatusCore.StatusCode == StatusCode.OK)
            {
                Writer.Write(message, serialize, WriteOptions?.Flags ?? default);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Nothing is written after this. The turn is never given back.</summary>
    public async Task EndAsync(Status status, IEnumerable<Metadata.Entry> trailers)
    {
        _hasEnded = true;
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        Trailers.Write(HttpContext.Response, status, trailers, hasMessages: _writer?.HasWritten == true);
    }

    /// <summary>The turn has no handle to free, and a handler that writes too late is told so by it.</summary>
    public void Dispose() => _deadline.Dispose();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (HttpContext.Response.HasStarted)
        {
            throw new InvalidOperationException("The headers have been sent.");
        }

        foreach (var entry in responseHeaders)
        {
            HttpContext.Response.Headers.Append(entry.Key, MetadataHeaders.Text(entry));
        }

        // The encoding is a header too.
        _ = Writer;
        return FlushAsync(default);
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("Calls are not handed on.");

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var linked = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(CancellationToken, cancellationToken) : null;
        var result = await HttpContext.Response.BodyWriter.FlushAsync(linked?.Token ?? CancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new OperationCanceledException("The client does not read any more.");
        }
    }
}

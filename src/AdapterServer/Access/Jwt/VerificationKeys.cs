using System.Threading.Channels;
using AdapterServe.AdapterServer.Hosting;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>
/// A JWKS document in a file or at a URL, read again in the background: every ten minutes, and at most once a minute when a token names a key that is not in it. While it can't be read
/// the keys stay as they were.
/// </summary>
internal sealed class VerificationKeys(string place, TimeProvider time, ILogger logger) : IVerificationKeys, IDisposable
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = s_patience, MaxResponseContentBufferSize = JsonWebKeySet.MostBytes };
    private byte[] _content = [];
    private JsonWebKeySet _current = JsonWebKeySet.Empty;

    public JsonWebKeySet Current => Volatile.Read(ref _current);

    private bool IsUrl => place.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || place.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the keys, and goes on reading them. <b>Errors</b>: <see cref="StartupException"/> for a file without a key; a URL may come up later.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } problem && !IsUrl)
        {
            throw new StartupException($"--jwt-keys {place}: {problem}.");
        }

        _ = FollowAsync();
    }

    public void AskAgain() => _asked.Writer.TryWrite(true);

    public void Dispose()
    {
        _stop.Cancel();
        _client.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(s_shortest, time, _stop.Token).ConfigureAwait(false);
                await Task.WhenAny(_asked.Reader.WaitToReadAsync(_stop.Token).AsTask(), Task.Delay(s_longest - s_shortest, time, _stop.Token)).ConfigureAwait(false);
                _asked.Reader.TryRead(out _);
                await ReadAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    /// <summary>What is wrong with the document, or null.</summary>
    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var problem = await TryReadAsync(cancellationToken).ConfigureAwait(false);
        if (problem is not null)
        {
            ServerLog.VerificationKeysUnread(logger, place, problem);
        }

        return problem;
    }

    private async Task<string?> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = await ContentAsync(cancellationToken).ConfigureAwait(false);
            if (content.AsSpan().SequenceEqual(_content))
            {
                return null;
            }

            var keys = JsonWebKeySet.Parse(content);
            if (keys.Keys.IsEmpty)
            {
                return "it has no key for RS256 or ES256";
            }

            _content = content;
            Volatile.Write(ref _current, keys);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or HttpRequestException or FormatException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return error.Message;
        }
    }

    private async Task<byte[]> ContentAsync(CancellationToken cancellationToken)
    {
        if (IsUrl)
        {
            return await _client.GetByteArrayAsync(new Uri(place), cancellationToken).ConfigureAwait(false);
        }

        return new FileInfo(place).Length <= JsonWebKeySet.MostBytes
            ? await File.ReadAllBytesAsync(place, cancellationToken).ConfigureAwait(false)
            : throw new FormatException($"it is larger than {JsonWebKeySet.MostBytes} bytes");
    }
}

using Grpc.Core;

namespace AdapterServe.AdapterServer.Grpc;

/// <summary>Lets any thread send on a stream. A token's message is smaller than what compressing it would add, so none is compressed.</summary>
internal sealed class SerialWriter<T> : IDisposable
{
    private readonly IServerStreamWriter<T> _stream;
    private readonly CancellationToken _cancellation;
    private readonly SemaphoreSlim _turn = new(1, 1);

    public SerialWriter(IServerStreamWriter<T> stream, CancellationToken cancellation)
    {
        (_stream, _cancellation) = (stream, cancellation);
        stream.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
    }

    public async Task SendAsync(T message)
    {
        await _turn.WaitAsync(_cancellation).ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(message, _cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}

using Grpc.Core;

namespace Grpc.AspNetCore.Server.Calls;

internal sealed class HttpStreamReader<T>(HttpCallContext call, Func<DeserializationContext, T> deserialize) : IAsyncStreamReader<T>
    where T : class
{
    private T? _current;

    public T Current => _current ?? throw new InvalidOperationException("There is no current message.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        _current = null;
        using var linked = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, cancellationToken) : null;
        _current = await call.Reader.ReadAsync(deserialize, linked?.Token ?? call.CancellationToken).ConfigureAwait(false);
        return _current is not null;
    }
}

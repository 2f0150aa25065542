using Grpc.Core;

namespace Grpc.AspNetCore.Server.Calls;

internal sealed class HttpStreamWriter<T>(HttpCallContext call, Action<T, SerializationContext> serialize) : IServerStreamWriter<T>
    where T : class
{
    /// <summary>Those of the call.</summary>
    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return call.WriteAsync(message, serialize, WriteOptions?.Flags ?? default, cancellationToken);
    }
}

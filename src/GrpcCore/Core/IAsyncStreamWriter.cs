namespace Grpc.Core;

/// <summary>Sends messages, one after the other.</summary>
public interface IAsyncStreamWriter<in T>
{
    WriteOptions? WriteOptions { get; set; }

    /// <summary>One at a time. <b>Errors</b>: <see cref="InvalidOperationException"/> while another is being written or after the call has ended.</summary>
    Task WriteAsync(T message);

    Task WriteAsync(T message, CancellationToken cancellationToken);
}

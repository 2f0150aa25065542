namespace Grpc.Core;

/// <summary>The messages that a client sends, one after the other.</summary>
public interface IAsyncStreamReader<out T>
{
    /// <summary>The message of the last <see cref="MoveNext"/> that gave true.</summary>
    T Current { get; }

    /// <summary>False when the client has sent its last.</summary>
    Task<bool> MoveNext(CancellationToken cancellationToken);
}

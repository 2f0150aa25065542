using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>How calls are handled: of all services, or of one, whose options come before those of all.</summary>
public class GrpcServiceOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 << 20;

    private int? _maxSend;
    private int? _maxReceive;

    /// <summary>Bytes of a message before compression; null is no limit, the default.</summary>
    public int? MaxSendMessageSize
    {
        get => _maxSend;
        set => (_maxSend, IsMaxSendSet) = (value, true);
    }

    /// <summary>Bytes of a message after decompression; null is no limit, the default is 4 MiB.</summary>
    public int? MaxReceiveMessageSize
    {
        get => IsMaxReceiveSet ? _maxReceive : DefaultMaxReceiveMessageSize;
        set => (_maxReceive, IsMaxReceiveSet) = (value, true);
    }

    /// <summary>Whether clients are told the text of exceptions that nobody expected. Never in production.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>The encoding of answers to clients that take it; null is none.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>What requests may be compressed with, and answers are.</summary>
    public IList<ICompressionProvider> CompressionProviders { get; set; } = [];

    /// <summary>Leaves unknown services and methods to the rest of the application, in place of answering <see cref="Core.StatusCode.Unimplemented"/>.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    /// <summary>The first is the outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];

    internal bool IsMaxSendSet { get; private set; }

    internal bool IsMaxReceiveSet { get; private set; }
}

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>The host's log catalogue, events 1000 to 1099.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(1000, LogLevel.Information, "Starting: {Step}")]
    public static partial void Starting(ILogger logger, string step);

    [LoggerMessage(1001, LogLevel.Information, "Ready: {Model} at {Address} after {Milliseconds} ms")]
    public static partial void Ready(ILogger logger, string model, string address, long milliseconds);

    [LoggerMessage(1002, LogLevel.Critical, "The server failed while starting")]
    public static partial void StartFailed(ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Information, "Stopping: {Running} requests may finish within {Seconds} s")]
    public static partial void Draining(ILogger logger, int running, int seconds);

    [LoggerMessage(1004, LogLevel.Warning, "Stopping: {Running} requests did not finish in time and are ended")]
    public static partial void DrainExpired(ILogger logger, int running);

    [LoggerMessage(1005, LogLevel.Error, "Request to {Path} failed")]
    public static partial void RequestFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(1007, LogLevel.Information, "Listening at {Address}")]
    public static partial void Listening(ILogger logger, string address);

    [LoggerMessage(1009, LogLevel.Information, "Listening for gRPC at {Address}")]
    public static partial void ListeningForGrpc(ILogger logger, string address);

    [LoggerMessage(1008, LogLevel.Information, "Kernels compute with {Path}")]
    public static partial void Kernels(ILogger logger, string path);

    [LoggerMessage(1010, LogLevel.Warning, "Waiting for the registry's database: {Reason}")]
    public static partial void RegistryAway(ILogger logger, string reason);

    [LoggerMessage(1060, LogLevel.Warning, "The keys of tokens at {Place} can't be read: {Reason}")]
    public static partial void VerificationKeysUnread(ILogger logger, string place, string reason);

    [LoggerMessage(1061, LogLevel.Warning, "Without --tls-certificate keys and answers cross the network as they are, unless something in front of the server speaks TLS")]
    public static partial void NoTls(ILogger logger);

    [LoggerMessage(1006, LogLevel.Information, "Demo adapter {Name} uploaded as version {Version}")]
    public static partial void DemoAdapterUploaded(ILogger logger, string name, int version);
}

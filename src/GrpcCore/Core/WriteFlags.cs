namespace Grpc.Core;

/// <summary>How a message is written.</summary>
[Flags]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "The package's name.")]
public enum WriteFlags
{
    /// <summary>More follow soon: it need not be flushed.</summary>
    BufferHint = 1,

    /// <summary>As it is, whatever the call's compression.</summary>
    NoCompress = 2,
}

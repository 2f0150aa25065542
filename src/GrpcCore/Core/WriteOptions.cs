namespace Grpc.Core;

/// <summary>Options of the messages that are written from now on.</summary>
public class WriteOptions(WriteFlags flags = default)
{
    public static readonly WriteOptions Default = new();

    public WriteFlags Flags => flags;
}

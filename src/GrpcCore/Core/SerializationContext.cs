using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a message's bytes go: either all at once, or into the buffer writer and then completed.</summary>
public abstract class SerializationContext
{
    public virtual void Complete(byte[] payload) => throw new NotSupportedException();

    public virtual void Complete() => throw new NotSupportedException();

    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException();

    /// <summary>The exact length of what will be written to the buffer writer.</summary>
    public virtual void SetPayloadLength(int payloadLength)
    {
    }
}

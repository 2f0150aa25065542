using System.Buffers;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>Takes one message's bytes from its serializer, behind room for the header.</summary>
internal sealed class PayloadWriter(int headerBytes) : SerializationContext
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private bool _isComplete;

    public ReadOnlySpan<byte> Payload => _isComplete ? _buffer.WrittenSpan[headerBytes..] : throw new InvalidOperationException("The serializer did not complete its message.");

    /// <summary>The payload with a header in front.</summary>
    public ReadOnlySpan<byte> WithHeader(ReadOnlySpan<byte> header)
    {
        // The room is the buffer's own, whose first bytes only this class writes.
        header.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsMemory(_buffer.WrittenMemory).Span);
        return _buffer.WrittenSpan;
    }

    public void Begin()
    {
        _isComplete = false;
        _buffer.ResetWrittenCount();
        _buffer.GetSpan(headerBytes);
        _buffer.Advance(headerBytes);
    }

    public override IBufferWriter<byte> GetBufferWriter() => _buffer;

    public override void Complete() => _isComplete = true;

    public override void Complete(byte[] payload)
    {
        _buffer.Write(payload);
        _isComplete = true;
    }
}

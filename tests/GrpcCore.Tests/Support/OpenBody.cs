using System.Net;

namespace AdapterServe.GrpcCore.Tests.Support;

/// <summary>A request's body that the test goes on writing.</summary>
internal sealed class OpenBody : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task SendAsync(byte[] frame)
    {
        var stream = await _stream.Task.WaitAsync(TestContext.Current.CancellationToken);
        await stream.WriteAsync(frame, TestContext.Current.CancellationToken);
        await stream.FlushAsync(TestContext.Current.CancellationToken);
    }

    public void End() => _end.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // Without this the headers wait for the first bytes.
        await stream.FlushAsync();
        _stream.TrySetResult(stream);
        await _end.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

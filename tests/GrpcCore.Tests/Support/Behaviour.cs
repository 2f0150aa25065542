using Grpc.Core;

namespace AdapterServe.GrpcCore.Tests.Support;

/// <summary>What the service does with a call; a test replaces what it is about.</summary>
internal sealed class Behaviour
{
    public Func<EchoRequest, ServerCallContext, Task<EchoReply>> Unary { get; set; } = (request, _) => Task.FromResult(new EchoReply { Text = request.Text });

    public Func<IAsyncStreamReader<EchoRequest>, ServerCallContext, Task<EchoReply>> ClientStream { get; set; } = async (requests, context) =>
    {
        var texts = new List<string>();
        await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
        {
            texts.Add(request.Text);
        }

        return new EchoReply { Text = string.Join('+', texts) };
    };

    public Func<EchoRequest, IServerStreamWriter<EchoReply>, ServerCallContext, Task> ServerStream { get; set; } = async (request, replies, _) =>
    {
        for (var i = 0; i < request.Count; i++)
        {
            await replies.WriteAsync(new EchoReply { Text = $"{request.Text}{i}" });
        }
    };

    public Func<IAsyncStreamReader<EchoRequest>, IServerStreamWriter<EchoReply>, ServerCallContext, Task> Duplex { get; set; } = async (requests, replies, context) =>
    {
        await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
        {
            await replies.WriteAsync(new EchoReply { Text = request.Text });
        }
    };

    /// <summary>Instances of the service that were disposed.</summary>
    public int Disposed { get; set; }
}

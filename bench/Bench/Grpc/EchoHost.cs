using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AdapterServe.Bench.Grpc;

/// <summary>The echo by gRPC and by plain requests, which read and write the same messages, on one port over HTTP/2 without TLS.</summary>
internal static class EchoHost
{
    public const string PlainUnary = "/plain/unary";
    public const string PlainStream = "/plain/stream";
    public const string GrpcUnary = "/adapterserve.bench.Echo/Unary";
    public const string GrpcStream = "/adapterserve.bench.Echo/ServerStream";

    /// <summary>A flag and a length before each message of a stream, as gRPC has them.</summary>
    public const int PrefixBytes = 5;

    public static async Task<(WebApplication App, Uri Address)> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        app.MapPost(PlainUnary, (RequestDelegate)UnaryAsync);
        app.MapPost(PlainStream, (RequestDelegate)StreamAsync);
        await app.StartAsync();
        return (app, new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
    }

    private static async Task UnaryAsync(HttpContext context)
    {
        var request = await ReadAsync(context);
        Write(context.Response.BodyWriter, new EchoReply { Text = request.Text });
        await context.Response.BodyWriter.FlushAsync();
    }

    private static async Task StreamAsync(HttpContext context)
    {
        var request = await ReadAsync(context);
        var writer = context.Response.BodyWriter;
        for (var i = 0; i < request.Count; i++)
        {
            var reply = new EchoReply { Text = request.Text };
            var prefix = writer.GetSpan(PrefixBytes);
            prefix[0] = 0;
            BinaryPrimitives.WriteInt32BigEndian(prefix[1..], reply.CalculateSize());
            writer.Advance(PrefixBytes);
            Write(writer, reply);
            await writer.FlushAsync();
        }
    }

    private static void Write(PipeWriter writer, EchoReply reply)
    {
        var size = reply.CalculateSize();
        reply.WriteTo(writer.GetSpan(size)[..size]);
        writer.Advance(size);
    }

    private static async Task<EchoRequest> ReadAsync(HttpContext context)
    {
        while (true)
        {
            var body = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            if (body.IsCompleted)
            {
                var request = EchoRequest.Parser.ParseFrom(body.Buffer);
                context.Request.BodyReader.AdvanceTo(body.Buffer.End);
                return request;
            }

            context.Request.BodyReader.AdvanceTo(body.Buffer.Start, body.Buffer.End);
        }
    }
}

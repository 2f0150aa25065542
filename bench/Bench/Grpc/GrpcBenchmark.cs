using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using AdapterServe.Bench.Models;
using Google.Protobuf;

namespace AdapterServe.Bench.Grpc;

/// <summary>
/// Calls and streamed messages a second by gRPC against plain requests of the same host with the same messages, over one connection each of the same client,
/// which runs on the same cores. Rounds alternate; ratios are of the same round.
/// </summary>
internal sealed class GrpcBenchmark(HttpClient http, int inFlight, TimeSpan length)
{
    private const int StreamMessages = 256;
    private const string Text = "a piece of an answer";

    public static int Run(string[] args)
    {
        var options = new Arguments(args);
        RunAsync(options.Integer("in-flight", 64), options.Integer("rounds", 10), TimeSpan.FromSeconds(options.Integer("seconds", 2))).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(int inFlight, int rounds, TimeSpan length)
    {
        var (app, address) = await EchoHost.StartAsync();
        await using var host = app;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
        var benchmark = new GrpcBenchmark(http, inFlight, length);
        await benchmark.CompareAsync("unary calls", EchoHost.GrpcUnary, EchoHost.PlainUnary, count: 1, rounds);
        await benchmark.CompareAsync("streamed messages", EchoHost.GrpcStream, EchoHost.PlainStream, StreamMessages, rounds);
    }

    private async Task CompareAsync(string what, string grpcPath, string plainPath, int count, int rounds)
    {
        var message = new EchoRequest { Text = Text, Count = count }.ToByteArray();
        var framed = new byte[EchoHost.PrefixBytes + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, EchoHost.PrefixBytes);
        var (grpcRates, plainRates) = (new List<double>(), new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            var grpc = await RateAsync(() => CallAsync(grpcPath, framed, isGrpc: true), count);
            var plain = await RateAsync(() => CallAsync(plainPath, message, isGrpc: false), count);
            if (round >= 0)
            {
                grpcRates.Add(grpc);
                plainRates.Add(plain);
            }
        }

        var ratio = grpcRates.Zip(plainRates, (grpc, plain) => grpc / plain).Median();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-18} {inFlight} at a time: gRPC {grpcRates.Median(),9:F0} /s, plain HTTP/2 {plainRates.Median(),9:F0} /s, ratio {ratio:F3} (median of {rounds} rounds)"));
    }

    private async Task<double> RateAsync(Func<Task> call, int count)
    {
        var (calls, started) = (0L, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started) < length)
            {
                await call();
                Interlocked.Increment(ref calls);
            }
        }));
        return calls * count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private async Task CallAsync(string path, byte[] body, bool isGrpc)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(isGrpc ? "application/grpc" : "application/x-protobuf");
        request.Headers.TE.ParseAdd("trailers");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await response.Content.CopyToAsync(Stream.Null);
        if (isGrpc && response.TrailingHeaders.GetValues("grpc-status").Single() != "0")
        {
            throw new InvalidOperationException("The call failed.");
        }
    }
}

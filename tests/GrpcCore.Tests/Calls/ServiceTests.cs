using AdapterServe.GrpcCore.Tests.Support;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AdapterServe.GrpcCore.Tests.Calls;

/// <summary>Services, their options and the interceptors around them.</summary>
public sealed class ServiceTests
{
    [Theory]
    [InlineData("Unary")]
    [InlineData("ClientStream")]
    [InlineData("ServerStream")]
    [InlineData("Duplex")]
    public async Task Interceptors_stand_around_every_kind_of_method_the_first_outermost(string method)
    {
        var log = new List<string>();
        await using var server = await EchoServer.StartAsync(
            options =>
            {
                options.Interceptors.Add<Recorder>("outer");
                options.Interceptors.Add<Recorder>("inner");
            },
            services => services.AddSingleton(log));
        Assert.Equal(0, (await server.CallAsync(method, Frames.Of("x"))).Status);
        Assert.Equal(["outer begins", "inner begins", "inner ends", "outer ends"], log);
    }

    [Fact]
    public async Task An_interceptor_may_refuse_a_call()
    {
        await using var server = await EchoServer.StartAsync(options => options.Interceptors.Add<Closed>());
        var wasCalled = false;
        server.Behaviour.Unary = (_, _) =>
        {
            wasCalled = true;
            return Task.FromResult(new EchoReply());
        };
        Assert.Equal((16, false), ((await server.CallAsync("Unary", Frames.Of("x"))).Status, wasCalled));
    }

    [Fact]
    public async Task An_instance_lives_for_one_call()
    {
        await using var server = await EchoServer.StartAsync();
        await server.CallAsync("Unary", Frames.Of("x"));
        await server.CallAsync("Duplex", Frames.Of("x"));
        Assert.Equal(2, server.Behaviour.Disposed);
    }

    [Fact]
    public async Task An_instance_of_the_container_stays_the_containers()
    {
        await using var server = await EchoServer.StartAsync(services: services => services.AddSingleton<EchoService>());
        await server.CallAsync("Unary", Frames.Of("x"));
        Assert.Equal(0, server.Behaviour.Disposed);
    }

    [Fact]
    public async Task A_services_own_options_come_before_those_of_all()
    {
        await using var server = await EchoServer.StartAsync(
            options => options.MaxReceiveMessageSize = 10, services => services.AddGrpc().AddServiceOptions<EchoService>(options => options.MaxReceiveMessageSize = 100));
        Assert.Equal(0, (await server.CallAsync("Unary", Frames.Of(new string('a', 50)))).Status);
    }

    [Fact]
    public async Task What_was_not_generated_or_not_set_up_is_said_at_the_start()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => EchoServer.StartAsync(map: app => app.MapGrpcService<ServiceTests>()));
        var builder = WebApplication.CreateSlimBuilder();
        await using var app = builder.Build();
        Assert.Throws<InvalidOperationException>(() => app.MapGrpcService<EchoService>());
        await Assert.ThrowsAsync<InvalidOperationException>(() => EchoServer.StartAsync(options => options.ResponseCompressionAlgorithm = "snappy"));
    }

    [Fact]
    public async Task Endpoints_say_which_method_they_are()
    {
        Microsoft.AspNetCore.Routing.EndpointDataSource? source = null;
        await using var server = await EchoServer.StartAsync(map: app => source = app.Services.GetRequiredService<Microsoft.AspNetCore.Routing.EndpointDataSource>());
        Assert.Equal(
            ["Unary", "ClientStream", "ServerStream", "Duplex"],
            source!.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Name).OfType<string>());
    }

    private sealed class Closed : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            throw new RpcException(new Status(StatusCode.Unauthenticated, "closed"));
    }

    private sealed class Recorder(string name, List<string> log) : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            RecordAsync(() => continuation(request, context));

        public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
            RecordAsync(() => continuation(requestStream, context));

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
            RecordAsync(() => Nothing(continuation(request, responseStream, context)));

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
            RecordAsync(() => Nothing(continuation(requestStream, responseStream, context)));

        private static async Task<bool> Nothing(Task task)
        {
            await task;
            return true;
        }

        private async Task<T> RecordAsync<T>(Func<Task<T>> next)
        {
            log.Add(name + " begins");
            var answer = await next();
            log.Add(name + " ends");
            return answer;
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

public sealed class StartTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2, "--bogus", "--bogus")]
    [InlineData(2, "must be between", "--threads", "5000")]
    [InlineData(2, "loopback only", "--bind", "0.0.0.0")]
    [InlineData(2, "--weights must be f32, int8 or int4", "--weights", "fp8")]
    [InlineData(2, "does not exist", "--model", "/nowhere")]
    [InlineData(2, "--fusable and --fused need --weights f32", "--fusable", "--weights", "int8")]
    [InlineData(1, "--fused nobody: There is no adapter 'nobody'.", "--fused", "nobody")]
    public async Task A_start_that_can_not_be_ends_with_one_sentence(int code, string reason, params string[] arguments)
    {
        var (exitCode, log) = await ServerProcess.RunAsync(arguments);
        Assert.Equal(code, exitCode);
        var sentence = Assert.Single(log.Split('\n'), line => line.StartsWith("adapterserve: ", StringComparison.Ordinal));
        Assert.Contains(reason, sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_library_that_is_not_there_is_named()
    {
        var (exitCode, log) = await ServerProcess.RunAsync([], environment: new Dictionary<string, string> { ["ADAPTERSERVE_ONNXRUNTIME"] = "/nowhere/libonnxruntime.so" });
        Assert.Equal(1, exitCode);
        Assert.Contains("adapterserve: The environment variable ADAPTERSERVE_ONNXRUNTIME names /nowhere/libonnxruntime.so, which does not exist.", log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_can_not_be_written_is_named()
    {
        var (exitCode, log) = await ServerProcess.RunAsync([], data: "/proc/adapterserve");
        Assert.Equal(1, exitCode);
        Assert.Contains("/proc/adapterserve", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_folder_or_port_is_refused()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            await using var first = await ServerProcess.StartAsync(["--no-demo"], data);
            var (exitCode, log) = await ServerProcess.RunAsync([], data);
            Assert.Equal(1, exitCode);
            Assert.Contains("Another server uses the data folder", log, StringComparison.Ordinal);

            (exitCode, log) = await ServerProcess.RunAsync(["--port", $"{first.Address.Port}"]);
            Assert.Equal(1, exitCode);
            Assert.Contains("adapterserve: ", log, StringComparison.Ordinal);
            Assert.Contains($"{first.Address.Port}", log, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task From_the_first_moment_probes_are_answered_and_requests_told_to_wait()
    {
        await using var server = await ServerProcess.StartAsync([], waitForReady: false);
        using var live = await server.Client.GetAsync("/livez", Cancellation);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        while (true)
        {
            using var models = await server.Client.GetAsync("/v1/models", Cancellation);
            if (models.StatusCode == HttpStatusCode.OK)
            {
                break;
            }

            Assert.Equal((503, "server_starting"), ((int)models.StatusCode, (await Api.ErrorAsync(models)).GetProperty("code").GetString()));
            Assert.NotNull(models.Headers.RetryAfter);
        }

        using var ready = await server.Client.GetAsync("/readyz", Cancellation);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Without_the_demo_only_the_base_is_served()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--model-id", "plain"]);
        var list = await server.Client.GetJsonAsync("/v1/models");
        Assert.Equal("plain", Assert.Single(list["data"]!.AsArray())!["id"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("--weights", "int8")]
    [InlineData("--weights", "int4", "--embedding-weights", "f32")]
    public async Task On_weights_of_few_bits_adapters_answer_as_they_do_on_f32(params string[] arguments)
    {
        await using var server = await ServerProcess.StartAsync(arguments);
        foreach (var golden in (string[])["base", "pirate-showcase", "shout-showcase"])
        {
            var expected = Golden.Read(golden)[0];
            var answer = await server.Client.PostAsync(
                "/v1/completions", new JsonObject { ["model"] = Golden.ModelOf(golden), ["prompt"] = expected.Prompt, ["temperature"] = 0, ["max_tokens"] = 64 });
            Assert.Equal(expected.GreedyText, answer["choices"]![0]!["text"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_demo_adapter_that_was_deleted_stays_deleted_after_a_restart()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            await using (var first = await ServerProcess.StartAsync([], data))
            {
                using var deleted = await first.Client.DeleteAsync("/v1/adapters/yoda", Cancellation);
                Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
            }

            await using var second = await ServerProcess.StartAsync([], data);
            var names = (await second.Client.GetJsonAsync("/v1/models"))["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>()).ToArray();
            Assert.Equal(8, names.Length);
            Assert.DoesNotContain("yoda", names);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Nothing_listens_beyond_loopback()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo"]);
        foreach (var address in await Dns.GetHostAddressesAsync(Dns.GetHostName(), Cancellation))
        {
            if (!IPAddress.IsLoopback(address))
            {
                using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(address, server.Address.Port, Cancellation).AsTask());
            }
        }
    }
}

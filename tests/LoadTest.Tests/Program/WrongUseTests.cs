using AdapterServe.LoadTest.Tests.Support;

namespace AdapterServe.LoadTest.Tests.Program;

public sealed class WrongUseTests
{
    private const string Nowhere = "http://127.0.0.1:1";

    public static TheoryData<string, string> WrongCalls => new()
    {
        { "run", "url" },
        { "run nonsense --clients 1", "no address" },
        { $"run {Nowhere} --clients 1", "can't be asked" },
        { $"run {Nowhere} --clients x", "--clients takes a number" },
        { $"run {Nowhere} --nonsense", "--nonsense" },
        { $"run {Nowhere} --rate 1 --timeout never", "--timeout" },
        { $"run {Nowhere} --rate 1 --slo-percentile 0", "--slo-percentile" },
        { $"run {Nowhere} --trace /there/is/none", "no trace file" },
        { $"run {Nowhere} --tenants /there/is/none", "tenants' file" },
        { $"run {Nowhere} --clients 1 --html /there/is/none.html", "/there/is" },
        { $"run {Nowhere} --clients 1 --protocol soap", "--protocol" },
        { $"search {Nowhere}", "--slo-ttft" },
        { "make-model", "dir" },
        { "make-model /tmp/x --heads 3 --kv-heads 2", "multiple" },
        { "make-model /tmp/x --dtype f8", "--dtype" },
        { "make-adapters /there/is/none /tmp/x", "config.json" },
        { $"upload {Nowhere} /there/is/none", "no folder" },
    };

    [Theory]
    [MemberData(nameof(WrongCalls))]
    public async Task Wrong_use_ends_with_2_and_one_sentence(string call, string told)
    {
        var (exitCode, output, error) = await LoadProgram.RunAsync(call.Split(' '));
        Assert.Equal((2, string.Empty), (exitCode, output));
        var line = Assert.Single(error.Trim().Split('\n'));
        Assert.StartsWith("adapterserve-load: ", line, StringComparison.Ordinal);
        Assert.Contains(told, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_requests_and_missed_limits_end_with_1()
    {
        var count = 0;
        await using var server = await SyntheticServer.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref count) == 1 ? 500 : 200;
            return context.Response.StatusCode == 500 ? Task.CompletedTask : SyntheticServer.AnswerAsync(context);
        });
        string[] run = ["run", server.Address.ToString(), "--clients", "1", "--requests", "5"];
        var (failed, output, _) = await LoadProgram.RunAsync(run);
        Assert.Equal(1, failed);
        Assert.Contains("500", output, StringComparison.Ordinal);
        Assert.Equal(0, (await LoadProgram.RunAsync(run)).ExitCode);
        Assert.Equal(1, (await LoadProgram.RunAsync([.. run, "--slo-ttft", "0.000001ms"])).ExitCode);
        count = 0;
        Assert.Equal(0, (await LoadProgram.RunAsync([.. run, "--max-errors", "1"])).ExitCode);
    }
}

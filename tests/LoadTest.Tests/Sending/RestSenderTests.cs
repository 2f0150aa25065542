using System.Text.Json.Nodes;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Setup;
using AdapterServe.LoadTest.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using static AdapterServe.LoadTest.Tests.Support.Plans;

namespace AdapterServe.LoadTest.Tests.Sending;

public sealed class RestSenderTests
{
    private const string Token = """data: {"choices":[{"index":0,"text":"a","finish_reason":null}]}""" + "\n\n";
    private static readonly RunOptions s_once = new() { Clients = 1, Requests = 1 };

    public static TheoryData<string, string, int> WrongAnswers => new()
    {
        { Token, "malformed_stream", 200 },
        { Token + "data: {\"error\":{\"message\":\"no\",\"code\":\"broken\"}}\n\n", "broken", 200 },
        { "data: x\n\n", "malformed_stream", 200 },
        { "data: []\n\n", "malformed_stream", 200 },
        { "data: {\"choices\":[{\"text\":\"\\ud800\"}]}\n\n", "malformed_stream", 200 },
        { "data: {\"choices\":[{\"token_ids\":[1,\"x\"]}]}\n\n", "malformed_stream", 200 },
        { "data: " + new string('[', 100_000) + "\n\n", "malformed_stream", 200 },
        { "data: " + new string('a', 3 << 20), "malformed_stream", 200 },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task A_stream_that_is_no_answer_is_an_error_of_its_own(string body, string code, int status)
    {
        var record = await AnswerAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await SyntheticServer.WriteAsync(context, body);
        });
        Assert.Equal((code, status), (record.Outcome.ErrorCode, record.Outcome.Status));
        Assert.False(string.IsNullOrEmpty(record.Outcome.Message));
    }

    public static TheoryData<int, string, string, string> Refusals => new()
    {
        { 429, "application/json", """{"error":{"message":"full","code":"queue_full"}}""", "queue_full" },
        { 404, "application/json", """{"error":{"message":"none","type":"not_found"}}""", "not_found" },
        { 503, "text/html", "<html>busy</html>", "error" },
        { 500, "application/json", """{"error":[1]}""", "error" },
        { 302, "text/plain", "elsewhere", "error" },
        { 200, "application/json", """{"choices":[]}""", "malformed_stream" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_counted_under_its_status_and_code(int status, string type, string body, string code)
    {
        var record = await AnswerAsync(async context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            await SyntheticServer.WriteAsync(context, body);
        });
        Assert.Equal((status, code), (record.Outcome.Status, record.Outcome.ErrorCode));
    }

    [Fact]
    public async Task A_server_that_goes_silent_is_left_after_the_time_limit()
    {
        var record = await AnswerAsync(
            async context =>
            {
                context.Response.ContentType = "text/event-stream";
                await SyntheticServer.WriteAsync(context, Token);
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            },
            arguments => arguments with { Timeout = TimeSpan.FromSeconds(0.5) });
        Assert.Equal((0, "timeout", 1), (record.Outcome.Status, record.Outcome.ErrorCode, record.OutputTokens));
        Assert.InRange(record.EndToEndUs, 400_000, Tolerances.Patience.TotalMicroseconds);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_an_error()
    {
        var record = await AnswerAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await SyntheticServer.WriteAsync(context, Token);
            context.Abort();
        });
        Assert.Contains(record.Outcome.ErrorCode, new[] { "connection_lost", "http_error" });
    }

    [Fact]
    public async Task Tokens_without_ids_are_counted_by_pieces_and_the_servers_count_wins()
    {
        var record = await AnswerAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await SyntheticServer.WriteAsync(
                context, Token + Token + """data: {"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":5}}""" + "\n\ndata: [DONE]\n\n");
        });
        Assert.Equal((true, 5, 40), (record.IsSuccess, record.OutputTokens, record.Outcome.PromptTokens));
    }

    [Fact]
    public async Task The_opening_of_a_chat_and_its_end_are_no_tokens()
    {
        string[] pieces =
        [
            """{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
            """{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}""",
            """{"choices":[{"delta":{"content":""},"finish_reason":null}]}""", """{"choices":[{"delta":{},"finish_reason":"length"}]}""",
        ];
        var record = await AnswerAsync(
            async context =>
            {
                context.Response.ContentType = "text/event-stream";
                await SyntheticServer.WriteAsync(context, string.Concat(pieces.Select(piece => $"data: {piece}\n\n")) + "data: [DONE]\n\n");
            },
            arguments => arguments with { Chat = true, TokensPerWord = 1 });
        Assert.Equal((true, 2), (record.IsSuccess, record.OutputTokens));
    }

    [Theory]
    [InlineData("adapterserve", true, true, true)]
    [InlineData("vllm", true, true, true)]
    [InlineData("llamacpp", true, false, false)]
    [InlineData("somebody", false, false, false)]
    public async Task Each_server_gets_the_fields_that_it_takes(string owner, bool ignoresEos, bool minTokens, bool returnsIds)
    {
        JsonNode? body = null;
        await AnswerAsync(
            async context =>
            {
                body = await JsonNode.ParseAsync(context.Request.Body);
                await SyntheticServer.AnswerAsync(context);
            },
            arguments => arguments with { TokensPerWord = 1 },
            models: """{"data":[{"id":"base","owned_by":"OWNER","meta":{"n_vocab":50}}]}""".Replace("OWNER", owner, StringComparison.Ordinal));
        Assert.Equal("base", body!["model"]!.GetValue<string>());
        Assert.Equal(64, body["max_tokens"]!.GetValue<int>());
        Assert.True(body["stream"]!.GetValue<bool>() && body["stream_options"]!["include_usage"]!.GetValue<bool>());
        Assert.Equal(
            (ignoresEos, minTokens, returnsIds),
            (body["ignore_eos"] is not null, body["min_tokens"] is not null, body["return_token_ids"] is not null));
        Assert.Equal(owner == "llamacpp", body["lora"] is JsonArray);
        // Only a server of whom it is known gets ids.
        Assert.Equal(owner != "somebody", body["prompt"] is JsonArray { Count: 32 } ids && ids.All(id => id!.GetValue<int>() is >= 3 and < 50));
    }

    [Theory]
    [InlineData("llamacpp", "4", """{"lora":[{"id":4,"scale":1}]}""")]
    [InlineData("llamacpp", "4+7", """{"lora":[{"id":4,"scale":0.5},{"id":7,"scale":0.5}]}""")]
    [InlineData("adapterserve", "a+b", """{"adapters":[{"name":"a","weight":0.5},{"name":"b","weight":0.5}]}""")]
    public async Task Adapters_are_named_as_the_server_takes_them(string server, string names, string fields)
    {
        JsonNode? body = null;
        await AnswerAsync(
            async context =>
            {
                body = await JsonNode.ParseAsync(context.Request.Body);
                await SyntheticServer.AnswerAsync(context);
            },
            arguments => arguments with { Server = server },
            adapters: new Popularity.AdapterMix([names], Popularity.MixSpec.Everything, Popularity.PopularitySpec.Parse("identical")));
        Assert.Equal("base", body!["model"]!.GetValue<string>());
        Assert.All(JsonNode.Parse(fields)!.AsObject(), field => Assert.Equal(field.Value!.ToJsonString(), body[field.Key]!.ToJsonString()));
    }

    [Fact]
    public async Task Http_2_without_tls_is_spoken_where_it_is_asked_for()
    {
        var protocol = string.Empty;
        var record = await AnswerAsync(
            context =>
            {
                protocol = context.Request.Protocol;
                return SyntheticServer.AnswerAsync(context);
            },
            arguments => arguments with { Http = "2" }, protocols: HttpProtocols.Http2);
        Assert.True(record.IsSuccess, record.Outcome.Describe());
        Assert.Equal("HTTP/2", protocol);
    }

    [Fact]
    public async Task Each_tenant_sends_its_own_key_in_its_share()
    {
        var keys = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using var server = await SyntheticServer.StartAsync(context =>
        {
            keys.Add(context.Request.Headers.Authorization.ToString());
            return SyntheticServer.AnswerAsync(context, tokens: 2);
        });
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file, """[{"name":"a","key":"k-a","weight":1},{"name":"b","key":"k-b","weight":3}]""", TestContext.Current.CancellationToken);
        using var setup = await LoadSetup.PrepareAsync(
            new LoadArguments { Url = server.Address, Tenants = file }, TestContext.Current.CancellationToken);
        var recorder = await Runs.AgainstAsync(setup.Sender, setup.Plan, new RunOptions { Clients = 4, Requests = 400 });
        File.Delete(file);
        Assert.Equal(["Bearer k-a", "Bearer k-b"], keys.Distinct().Order());
        ChiSquare.AssertFits([0.25, 0.75], [keys.Count(key => key == "Bearer k-a"), keys.Count(key => key == "Bearer k-b")]);
        var report = Runs.Report(recorder, null, "a", "b");
        Assert.Equal(keys.Count(key => key == "Bearer k-b"), report.Tenants.Single(tenant => tenant.Name == "b").Requests);
        Assert.All(report.Tenants, tenant => Assert.NotNull(tenant.P99InterTokenMs));
    }

    [Fact]
    public async Task Text_is_as_long_as_the_servers_own_counting_makes_it()
    {
        var lengths = new System.Collections.Concurrent.ConcurrentBag<int>();
        // Three tokens a word and five for the template.
        await using var server = await SyntheticServer.StartAsync(async context =>
        {
            var body = await JsonNode.ParseAsync(context.Request.Body);
            var tokens = 5 + (3 * body!["prompt"]!.GetValue<string>().Split(' ').Length);
            lengths.Add(tokens);
            context.Response.ContentType = "text/event-stream";
            await SyntheticServer.WriteAsync(
                context, Token + $"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{tokens},\"completion_tokens\":1}}}}\n\ndata: [DONE]\n\n");
        }, """{"data":[{"id":"m","owned_by":"x"}]}""");
        using var setup = await LoadSetup.PrepareAsync(
            new LoadArguments { Url = server.Address, PromptTokens = "200" }, TestContext.Current.CancellationToken);
        lengths.Clear();
        await Runs.AgainstAsync(setup.Sender, setup.Plan, s_once);
        Assert.InRange(Assert.Single(lengths), 199, 201);
    }

    private static async Task<RequestRecord> AnswerAsync(
        RequestDelegate answer, Func<LoadArguments, LoadArguments>? change = null, string? models = null,
        HttpProtocols protocols = HttpProtocols.Http1, Popularity.AdapterMix? adapters = null)
    {
        await using var server = await SyntheticServer.StartAsync(answer, models, protocols);
        var arguments = new LoadArguments { Url = server.Address };
        using var setup = await LoadSetup.PrepareAsync(change?.Invoke(arguments) ?? arguments, TestContext.Current.CancellationToken);
        var plan = adapters is null ? setup.Plan : Options(tenants: new LoadTest.Plans.TenantPlan("t", 1, adapters));
        return Assert.Single((await Runs.AgainstAsync(setup.Sender, plan, s_once)).Records);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;
using Google.Protobuf;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.EndToEnd.Tests.Quotas;

/// <summary>A minute's limits and sequences at a time, over every interface.</summary>
public sealed class RateLimitTests(QuotaServer quota) : IClassFixture<QuotaServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Client => quota.Server.Client;

    [Fact]
    public async Task Every_answer_tells_how_the_limits_stand()
    {
        await LimitAsync("""{"requests_per_minute":60,"tokens_per_minute":6000}""");
        using var response = await CompleteAsync(maxTokens: 5);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var prompt = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!["usage"]!["prompt_tokens"]!.GetValue<int>();
        Assert.Equal(("60", "59", "1s"), Headers(response, "requests"));
        Assert.Equal(("6000", $"{6000 - prompt - 5}", $"{(prompt + 5) * 10}ms"), Headers(response, "tokens"));

        await LimitAsync("""{"requests_per_minute":60}""");
        using var stream = await CompleteAsync(maxTokens: 5, stream: true);
        Assert.Equal("60", Headers(stream, "requests").Limit);
        Assert.False(stream.Headers.Contains("x-ratelimit-limit-tokens"));

        await LimitAsync("{}");
        using var free = await CompleteAsync(maxTokens: 1);
        Assert.DoesNotContain(free.Headers, header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task No_more_requests_pass_than_the_limit_and_what_came_back_meanwhile()
    {
        await LimitAsync("""{"requests_per_minute":4}""");
        var clock = Stopwatch.StartNew();
        var passed = 0;
        while (true)
        {
            using var response = await CompleteAsync(maxTokens: 1);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                await AssertRefusedAsync(response, 15);
                Assert.Equal(("4", "0"), (Headers(response, "requests").Limit, Headers(response, "requests").Remaining));
                break;
            }

            passed++;
        }

        Assert.InRange(passed, 4, 4 + (4 * clock.Elapsed.TotalMinutes));
    }

    [Fact]
    public async Task All_interfaces_share_the_limit_and_say_in_their_own_way_that_it_is_used_up()
    {
        await LimitAsync("""{"requests_per_minute":1}""");
        using var infer = await RefusedAsync(() => Client.PostAsync(
            "/v2/models/demo/infer", Api.Json("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]}],"parameters":{"max_tokens":1}}"""), Cancellation));
        await AssertRefusedAsync(infer, 60);
        using var chat = await RefusedAsync(() => Client.PostAsync(
            "/v1/chat/completions", Api.Json("""{"model":"demo","messages":[{"role":"user","content":"a"}],"max_tokens":1}"""), Cancellation));
        await AssertRefusedAsync(chat, 60);
        using var call = await RefusedAsync(CallAsync);
        Assert.Equal(("1", "0"), (Headers(call, "requests").Limit, Headers(call, "requests").Remaining));
        Assert.Equal("rate_limit_exceeded", Trailer(call, "error-code"));
        Assert.InRange(int.Parse(Trailer(call, "retry-after")!, CultureInfo.InvariantCulture), 1, 60);

        await LimitAsync("""{"requests_per_minute":2}""");
        using var passed = await CallAsync();
        Assert.Equal("0", Trailer(passed, "grpc-status"));
        Assert.Equal(("2", "1", "30s"), Headers(passed, "requests"));
    }

    [Fact]
    public async Task What_was_not_generated_is_given_back()
    {
        await LimitAsync("""{"tokens_per_minute":1000}""");
        var first = await Client.PostAsync("/v1/completions", new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = 4, ["temperature"] = 0, ["ignore_eos"] = true });
        var stop = first["choices"]![0]!["text"]!.GetValue<string>().Trim()[..1];
        await LimitAsync("""{"tokens_per_minute":900}""");
        using var response = await CompleteAsync(maxTokens: 800, stop: stop);
        var total = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!["usage"]!["total_tokens"]!.GetValue<int>();
        Assert.InRange(total, 2, 20);
        Assert.InRange(int.Parse(Headers(response, "tokens").Remaining, CultureInfo.InvariantCulture), 0, 100);
        // The end of the answer is seen before the request has ended.
        while (await UsedAsync("concurrent_sequences") > 0)
        {
        }

        Assert.InRange(await UsedAsync("tokens_per_minute"), 0, total + first["usage"]!["total_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task What_alone_is_over_a_limit_is_told_that_waiting_does_not_help()
    {
        await LimitAsync("""{"tokens_per_minute":50,"concurrent_sequences":2}""");
        await AssertOverAsync(await CompleteAsync(maxTokens: 50), "max_tokens");
        await AssertOverAsync(await CompleteAsync(maxTokens: 1, n: 3), "n");
        await LimitAsync("""{"requests_per_minute":0}""");
        await AssertOverAsync(await CompleteAsync(maxTokens: 1), null);
        Assert.Equal(0, await UsedAsync("concurrent_sequences"));
    }

    [Theory]
    [InlineData("leaves")]
    [InlineData("reads to the end")]
    public async Task Sequences_are_free_again_however_their_request_ends(string how)
    {
        await LimitAsync("""{"concurrent_sequences":3}""");
        using (var running = await CompleteAsync(maxTokens: how == "leaves" ? 900 : 400, stream: true, n: 2))
        {
            using var refused = await CompleteAsync(maxTokens: 1, n: 2);
            await AssertRefusedAsync(refused, 1);
            Assert.Equal(2, await UsedAsync("concurrent_sequences"));
            if (how == "reads to the end")
            {
                await running.Content.CopyToAsync(Stream.Null, Cancellation);
            }
        }

        HttpStatusCode status;
        do
        {
            using var next = await CompleteAsync(maxTokens: 1, n: 3);
            status = next.StatusCode;
        }
        while (status == HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task The_servers_limit_holds_where_nothing_is_set()
    {
        await LimitAsync("{}");
        Assert.Equal(50, (await Client.GetJsonAsync("/v1/usage"))["limits"]!["concurrent_sequences"]!.GetValue<int>());
        await AssertOverAsync(await CompleteAsync(maxTokens: 1, n: 51), "n");
    }

    private static async Task<HttpResponseMessage> RefusedAsync(Func<Task<HttpResponseMessage>> send)
    {
        while (true)
        {
            var response = await send();
            if (response.StatusCode == HttpStatusCode.TooManyRequests || Trailer(response, "grpc-status") == "8")
            {
                return response;
            }

            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
            response.Dispose();
        }
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response, int longestSeconds)
    {
        Assert.Equal(429, (int)response.StatusCode);
        var error = await Api.ErrorAsync(response);
        Assert.Equal(("rate_limit_exceeded", "rate_limit_error"), (error.GetProperty("code").GetString(), error.GetProperty("type").GetString()));
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, longestSeconds);
    }

    private static async Task AssertOverAsync(HttpResponseMessage response, string? param)
    {
        using (response)
        {
            Assert.Equal(400, (int)response.StatusCode);
            var error = await Api.ErrorAsync(response);
            Assert.Equal(("request_over_limit", param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
            Assert.Null(response.Headers.RetryAfter);
        }
    }

    private static (string Limit, string Remaining, string Reset) Headers(HttpResponseMessage response, string what) =>
        (response.Headers.GetValues("x-ratelimit-limit-" + what).Single(), response.Headers.GetValues("x-ratelimit-remaining-" + what).Single(), response.Headers.GetValues("x-ratelimit-reset-" + what).Single());

    /// <summary>Of an answer with a message, or of one that is nothing but an error.</summary>
    private static string? Trailer(HttpResponseMessage response, string name) =>
        (response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)) ? values.Single() : null;

    private async Task<HttpResponseMessage> CallAsync()
    {
        var message = new Wire.CompletionRequest { Model = "demo", Prompt = { new Wire.Prompt { Text = "a" } }, Options = new Wire.GenerationOptions { MaxTokens = 1 } }.ToByteArray();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(quota.Server.GrpcAddress, "/adapterserve.v1.Generation/Complete"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([0, 0, 0, 0, (byte)message.Length, .. message]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return await Client.SendAsync(request, Cancellation);
    }

    /// <summary>From here on, with full buckets.</summary>
    private async Task LimitAsync(string limits)
    {
        foreach (var each in new[] { "{}", limits })
        {
            using var response = await Client.PutAsync("/v1/tenants/default", Api.Json($$"""{"limits":{{each}}}"""), Cancellation);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    private async Task<int> UsedAsync(string what) => (await Client.GetJsonAsync("/v1/usage"))["usage"]![what]!.GetValue<int>();

    private async Task<HttpResponseMessage> CompleteAsync(int maxTokens, bool stream = false, int n = 1, string? stop = null)
    {
        var body = new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = maxTokens, ["temperature"] = 0, ["ignore_eos"] = true, ["stream"] = stream, ["n"] = n, ["stop"] = stop };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Api.Json(body.ToJsonString()) };
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }
}

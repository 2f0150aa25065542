using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Errors that no endpoint's own fields cause.</summary>
[Collection(SharedServerTests.Name)]
public sealed class HttpErrorTests(SharedServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/nothing", 404, "route_not_found")]
    [InlineData("GET", "/", 405, "method_not_allowed")]
    [InlineData("GET", "/v1", 404, "route_not_found")]
    [InlineData("POST", "/v1/nothing", 404, "route_not_found")]
    [InlineData("GET", "/v1/models/nobody", 404, "model_not_found")]
    [InlineData("GET", "/v1/models/acme/pirate", 404, "model_not_found")]
    [InlineData("GET", "/v1/adapters/nobody", 404, "adapter_not_found")]
    [InlineData("GET", "/v1/adapters/pirate/versions/99", 404, "adapter_not_found")]
    [InlineData("DELETE", "/v1/adapters/nobody", 404, "adapter_not_found")]
    [InlineData("DELETE", "/v1/adapters/pirate/versions/99", 404, "adapter_not_found")]
    [InlineData("DELETE", "/v1/adapters/pirate/aliases/none", 404, "adapter_not_found")]
    [InlineData("POST", "/v1/adapters/nobody:load", 404, "adapter_not_found")]
    [InlineData("POST", "/v1/adapters/nobody:unload", 404, "adapter_not_found")]
    [InlineData("POST", "/v1/adapters/nobody:pin", 404, "adapter_not_found")]
    [InlineData("POST", "/v1/models", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/completions", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("PATCH", "/v1/adapters/pirate/versions", 405, "method_not_allowed")]
    [InlineData("POST", "/livez", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/models?limit=0", 400, "invalid_value")]
    [InlineData("GET", "/v1/models?limit=many", 400, "invalid_value")]
    [InlineData("GET", "/v1/models?after=nobody", 400, "invalid_value")]
    public async Task Routes_and_methods_have_their_own_errors(string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await shared.Client.SendAsync(request, Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((status, code), ((int)response.StatusCode, error.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData(null)]
    public async Task Only_JSON_in_UTF8_is_taken_by_the_JSON_routes(string? type)
    {
        foreach (var path in new[] { "/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize" })
        {
            using var content = new ByteArrayContent("{}"u8.ToArray());
            content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
            using var response = await shared.Client.PostAsync(path, content, Cancellation);
            var error = await Api.ErrorAsync(response);
            Assert.Equal((415, "unsupported_content_type"), ((int)response.StatusCode, error.GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task A_compressed_JSON_body_is_refused()
    {
        using var content = Api.Json("{}");
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await shared.Client.PostAsync("/v1/completions", content, Cancellation);
        Assert.Equal((415, "unsupported_content_encoding"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_JSON_body_beyond_64_MiB_is_413(bool declared)
    {
        using var content = new StreamContent(new Blank((64L << 20) + 1, declared));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = content };
        request.Headers.TransferEncodingChunked = declared ? null : true;
        using var response = await shared.Client.SendAsync(request, Cancellation);
        Assert.Equal((413, "request_too_large"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused()
    {
        using var content = new ByteArrayContent([.. "{\"model\":\"demo\",\"prompt\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await shared.Client.PostAsync("/v1/completions", content, Cancellation);
        Assert.Equal((400, "invalid_json"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_prompt_of_sixty_megabytes_is_answered_in_time()
    {
        var body = new StringBuilder("{\"model\":\"demo\",\"prompt\":\"").Append('a', 60_000_000).Append("\"}").ToString();
        using var content = Api.Json(body);
        var answer = shared.Client.PostAsync("/v1/completions", content, Cancellation);
        using var response = await answer.WaitAsync(Tolerances.HostileAnswer, Cancellation);
        Assert.Equal(400, (int)response.StatusCode);
        using var tokenize = await shared.Client.PostAsync("/tokenize", Api.Json("{\"prompt\":\"" + new string('a', 60_000_000) + "\"}"), Cancellation).WaitAsync(Tolerances.HostileAnswer, Cancellation);
        Assert.Equal((400, "text_too_long"), ((int)tokenize.StatusCode, (await Api.ErrorAsync(tokenize)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Many_small_JSON_values_are_answered_in_time()
    {
        using var content = Api.Json("{\"model\":\"demo\",\"prompt\":[" + string.Join(',', Enumerable.Repeat("7", 5_000_000)) + "]}");
        using var response = await shared.Client.PostAsync("/v1/completions", content, Cancellation).WaitAsync(Tolerances.HostileAnswer, Cancellation);
        Assert.Equal((400, "context_length_exceeded"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    /// <summary>Spaces, which are JSON as far as it goes.</summary>
    private sealed class Blank(long length, bool seekable) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => seekable;

        public override bool CanWrite => false;

        public override long Length => seekable ? length : throw new NotSupportedException();

        public override long Position { get => _position; set => _position = value; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, length - _position);
            buffer.AsSpan(offset, read).Fill((byte)' ');
            _position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => _position = origin == SeekOrigin.Begin ? offset : throw new NotSupportedException(offset.ToString(CultureInfo.InvariantCulture));

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

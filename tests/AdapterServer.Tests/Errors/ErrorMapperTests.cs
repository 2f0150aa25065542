using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore;
using AdapterServe.Engine.Requests;
using Microsoft.AspNetCore.Http;

namespace AdapterServe.AdapterServer.Tests.Errors;

public sealed class ErrorMapperTests
{
    [Theory]
    [InlineData(AdapterErrorKind.Malformed, 400)]
    [InlineData(AdapterErrorKind.Unservable, 422)]
    [InlineData(AdapterErrorKind.TooLarge, 413)]
    [InlineData(AdapterErrorKind.NotFound, 404)]
    [InlineData(AdapterErrorKind.Conflict, 409)]
    [InlineData(AdapterErrorKind.PreconditionFailed, 412)]
    [InlineData(AdapterErrorKind.StorageFull, 507)]
    [InlineData(AdapterErrorKind.Unavailable, 503)]
    public void Each_kind_of_the_store_has_its_status(AdapterErrorKind kind, int status)
    {
        var error = ErrorMapper.Map(new AdapterStoreException(kind, "word", "A sentence."));
        Assert.Equal((status, "word", "A sentence."), (error.Status, error.Body.Error.Code, error.Body.Error.Message));
        Assert.Equal(status == 503, error.RetryAfterSeconds is > 0);
    }

    [Fact]
    public void A_full_queue_is_429_and_a_stopping_server_503_both_with_retry_after()
    {
        var full = ErrorMapper.Map(new EngineBusyException(stopping: false, "Full."));
        var stopping = ErrorMapper.Map(new EngineBusyException(stopping: true, "Stopping."));
        Assert.Equal((429, ErrorCodes.QueueFull, 1), (full.Status, full.Body.Error.Code, full.RetryAfterSeconds));
        Assert.Equal((503, ErrorCodes.ServerStopping), (stopping.Status, stopping.Body.Error.Code));
        Assert.NotNull(stopping.RetryAfterSeconds);
    }

    [Fact]
    public void An_unexpected_exception_is_500_and_keeps_its_details()
    {
        var error = ErrorMapper.Map(new InvalidOperationException("secret /path"));
        Assert.Equal(500, error.Status);
        Assert.DoesNotContain("secret", error.Body.Error.Message, StringComparison.Ordinal);
        Assert.Equal("server_error", error.Body.Error.Type);
    }

    [Theory]
    [InlineData(413, 413, ErrorCodes.RequestTooLarge)]
    [InlineData(408, 408, ErrorCodes.RequestTimeout)]
    [InlineData(400, 400, ErrorCodes.BadRequest)]
    public void The_servers_own_complaints_about_bodies_are_mapped(int thrown, int status, string code)
    {
        var error = ErrorMapper.Map(new BadHttpRequestException("body", thrown));
        Assert.Equal((status, code), (error.Status, error.Body.Error.Code));
    }

    [Theory]
    [InlineData(404, ErrorCodes.RouteNotFound)]
    [InlineData(405, ErrorCodes.MethodNotAllowed)]
    [InlineData(413, ErrorCodes.RequestTooLarge)]
    [InlineData(415, ErrorCodes.UnsupportedContentType)]
    public void Statuses_of_the_router_get_a_body(int status, string code)
    {
        var error = ErrorMapper.OfStatus(status, "POST", "/" + new string('x', 5000));
        Assert.Equal((status, code, "invalid_request_error"), (error.Status, error.Body.Error.Code, error.Body.Error.Type));
        Assert.True(error.Body.Error.Message.Length < 500);
    }
}

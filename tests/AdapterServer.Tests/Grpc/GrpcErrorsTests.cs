using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Errors;
using Grpc.Core;

namespace AdapterServe.AdapterServer.Tests.Grpc;

/// <summary>The REST interface's errors on gRPC.</summary>
public sealed class GrpcErrorsTests
{
    [Theory]
    [InlineData(400, StatusCode.InvalidArgument)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.NotFound)]
    [InlineData(408, StatusCode.DeadlineExceeded)]
    [InlineData(409, StatusCode.Aborted)]
    [InlineData(412, StatusCode.Aborted)]
    [InlineData(413, StatusCode.ResourceExhausted)]
    [InlineData(415, StatusCode.InvalidArgument)]
    [InlineData(422, StatusCode.FailedPrecondition)]
    [InlineData(429, StatusCode.ResourceExhausted)]
    [InlineData(500, StatusCode.Internal)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(507, StatusCode.ResourceExhausted)]
    public void Every_status_has_its_counterpart(int status, StatusCode expected) => Assert.Equal(expected, GrpcErrors.StatusOf(ApiError.Of(status, "some_code", "Some sentence.")));

    [Fact]
    public void An_unknown_route_is_an_unimplemented_method() =>
        Assert.Equal(StatusCode.Unimplemented, GrpcErrors.StatusOf(ErrorMapper.OfStatus(404, "POST", "/no.Such/Method")));

    [Fact]
    public void Code_field_and_time_to_wait_stand_in_trailers()
    {
        var error = GrpcErrors.Of(ApiError.Of(429, "queue_full", "Full.", "größe\n", 3));
        Assert.Equal("Full.", error.Status.Detail);
        Assert.Equal([("error-code", "queue_full"), ("error-param", "gr??e?"), ("retry-after", "3")], error.Trailers.Select(entry => (entry.Key, entry.Value)));
    }

    [Fact]
    public void A_message_longer_than_clients_take_is_cut() =>
        Assert.Equal(501, GrpcErrors.Of(ApiError.Of(400, "chat_template_error", new string('x', 100_000))).Status.Detail.Length);
}

using System.Globalization;
using System.Net.Http.Headers;

namespace AdapterServe.GrpcCore.Tests.Support;

/// <summary>A whole answer.</summary>
internal sealed record Answer(HttpResponseMessage Response, IReadOnlyList<(byte Flag, byte[] Payload)> Messages)
{
    /// <summary>Where there was nothing but an end, it stands in the headers.</summary>
    public HttpHeaders End => Response.TrailingHeaders.Contains("grpc-status") ? Response.TrailingHeaders : Response.Headers;

    public int Status => int.Parse(End.GetValues("grpc-status").Single(), CultureInfo.InvariantCulture);

    public string? RawMessage => End.TryGetValues("grpc-message", out var values) ? values.Single() : null;

    public IEnumerable<string> Texts => Messages.Select(Frames.Text);
}

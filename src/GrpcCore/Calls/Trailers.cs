using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>The end of a call: behind what was sent, or as headers where nothing was.</summary>
internal static class Trailers
{
    public static void Write(HttpResponse response, Status status, IEnumerable<Metadata.Entry> trailers, bool hasMessages = false)
    {
        var target = hasMessages || response.HasStarted
            ? response.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()?.Trailers ?? throw new InvalidOperationException("The connection has no trailers.")
            : response.Headers;
        foreach (var entry in trailers)
        {
            target.Append(entry.Key, MetadataHeaders.Text(entry));
        }

        target[GrpcProtocol.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
        {
            target[GrpcProtocol.Message] = PercentEncoding.Encode(status.Detail);
        }
    }
}

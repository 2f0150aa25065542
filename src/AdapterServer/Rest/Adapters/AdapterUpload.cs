using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Uploads;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary><c>PUT /v1/adapters/{name}</c>: the files go to the store as they come, nothing is held in memory.</summary>
internal static class AdapterUpload
{
    /// <summary>Part headers and boundaries beside the files themselves.</summary>
    private const long FramingBytes = 1 << 20;

    private const string SignatureHeader = "X-AdapterServe-Signature";

    public static async Task PutAsync(HttpContext context, ServingModel model, string name)
    {
        LimitBody(context, model.Options.MaxUploadBytes + FramingBytes);
        var type = ContentType(context.Request);
        var place = AdapterPlace.OfPath(model.Principal, name);
        var caller = place.Caller(context.Request);
        var lower = Lower(context.Request);
        using var files = model.Store.Uploads.Begin();
        if (lower is not null)
        {
            files.AskFor(lower);
        }

        files.Signature = Signature(context.Request);
        await StageAsync(context, type, files).ConfigureAwait(false);
        var result = await model.Store.Uploads.PutAsync(caller, place.Name, files, caller.IfMatch, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, model, result).ConfigureAwait(false);
    }

    /// <summary>201 for a new version, 200 where the same content was there.</summary>
    public static Task AnswerAsync(HttpContext context, ServingModel model, UploadResult result)
    {
        context.Response.Headers.ETag = $"\"{result.Descriptor.Digest}\"";
        if (result.Created)
        {
            context.Response.Headers.Location = $"/v1/adapters/{result.Descriptor.Name}/versions/{result.Descriptor.Version}";
        }

        var status = result.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return JsonAnswer.WriteAsync(context, model.Fused.Shown(result.Descriptor), RestJson.Answers.AdapterDescriptor, status);
    }

    public static string? IfMatch(HttpRequest request) => request.Headers.IfMatch.Count > 0 ? request.Headers.IfMatch.ToString() : null;

    /// <summary>The uploader's signature over the content's digest; see docs/registry.md.</summary>
    private static string? Signature(HttpRequest request) => request.Headers[SignatureHeader] is { Count: > 0 } given ? given.ToString() : null;

    private static Task StageAsync(HttpContext context, MediaTypeHeaderValue type, StagedFiles files)
    {
        switch (type.MediaType.ToString().ToLowerInvariant())
        {
            case "multipart/form-data":
                return MultipartUpload.ReadAsync(context.Request.Body, type, files, context.RequestAborted);
            case "application/zip" or "application/x-zip-compressed":
                return files.AddArchiveAsync(ArchiveFormat.Zip, context.Request.Body, context.RequestAborted);
            case "application/x-tar" or "application/tar" or "application/gzip" or "application/x-gzip" or "application/x-gtar" or "application/x-tar+gzip" or "application/x-compressed-tar":
                return files.AddArchiveAsync(ArchiveFormat.Tar, context.Request.Body, context.RequestAborted);
            default:
                throw WrongType();
        }
    }

    private static MediaTypeHeaderValue ContentType(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : throw WrongType();
        // The tar reader sees for itself whether gzip is around it.
        var gzipTar = encoding == "gzip" && type.MediaType.EndsWith("tar", StringComparison.OrdinalIgnoreCase);
        return encoding.Length == 0 || encoding == "identity" || gzipTar
            ? type
            : throw new ApiException(415, ErrorCodes.UnsupportedContentEncoding, "An upload must come without Content-Encoding; gzip is taken around a tar archive.");
    }

    /// <summary>The approximation that the caller asks for by name.</summary>
    private static LowerOption? Lower(HttpRequest request) => request.Query["lower"] switch
    {
        { Count: 0 } => null,
        { Count: 1 } one => LowerOption.Parse(one.ToString()),
        _ => throw ApiException.Invalid("lower", "'lower' is given more than once."),
    };

    private static void LimitBody(HttpContext context, long bytes)
    {
        if (context.Request.ContentLength > bytes)
        {
            throw new ApiException(413, ErrorCodes.RequestTooLarge, $"The upload is larger than the limit of {bytes - FramingBytes} bytes.");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = bytes;
        }
    }

    private static ApiException WrongType() => new(
        415, ErrorCodes.UnsupportedContentType, "An adapter comes as multipart/form-data, application/zip or application/x-tar, the latter also gzip-compressed.");
}

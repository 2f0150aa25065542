using System.Globalization;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Uploads.Resumable;

namespace AdapterServe.AdapterServer.Rest.Uploads;

/// <summary>The headers of tus.</summary>
internal static class TusHeaders
{
    public const string Version = "1.0.0";
    public const string Resumable = "Tus-Resumable";
    public const string Length = "Upload-Length";
    public const string Offset = "Upload-Offset";
    public const string Metadata = "Upload-Metadata";

    /// <summary><b>Errors</b>: 412 <c>unsupported_tus_version</c>.</summary>
    public static void RequireVersion(HttpContext context)
    {
        if (context.Request.Headers[Resumable] != Version)
        {
            context.Response.Headers["Tus-Version"] = Version;
            throw new ApiException(
                StatusCodes.Status412PreconditionFailed, ErrorCodes.UnsupportedTusVersion, $"Uploads speak tus {Version}; send {Resumable}: {Version}.");
        }
    }

    /// <summary><b>Errors</b>: 400 where it is missing or no number.</summary>
    public static long Number(HttpRequest request, string name)
    {
        var text = request.Headers[name];
        if (text.Count == 0)
        {
            throw ApiException.Missing(name);
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && (number > 0 || name != Length)
            ? number
            : throw ApiException.Invalid(name, $"{name} is a whole number{(name == Length ? " greater than 0" : string.Empty)}.");
    }

    /// <summary>Where an upload stands.</summary>
    public static void Write(HttpResponse response, UploadStatus status)
    {
        response.Headers[Resumable] = Version;
        response.Headers[Offset] = status.Offset.ToString(CultureInfo.InvariantCulture);
        response.Headers[Length] = status.Length.ToString(CultureInfo.InvariantCulture);
        response.Headers["Upload-Expires"] = status.ExpiresAt.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.CacheControl = "no-store";
    }
}

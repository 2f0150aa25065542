using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Blobs;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>
/// Stages the files of a <c>multipart/form-data</c> body: each a part named <c>files</c> with its file name.
/// <b>Errors</b>: 400 <c>invalid_multipart</c> for another part, a part without file name, broken part headers and a missing last boundary; the store's own for what it refuses.
/// </summary>
internal static class MultipartUpload
{
    private const int LongestBoundary = 70;
    private const string PartName = "files";

    public static async Task ReadAsync(Stream body, MediaTypeHeaderValue type, StagedFiles files, CancellationToken cancellationToken)
    {
        var reader = new MultipartReader(Boundary(type), body) { HeadersCountLimit = 16, HeadersLengthLimit = 16 * 1024 };
        try
        {
            while (await reader.ReadNextSectionAsync(cancellationToken).ConfigureAwait(false) is { } section)
            {
                await files.AddAsync(FileName(section), section.Body, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (InvalidDataException e)
        {
            throw Broken($"The multipart body is malformed: {e.Message}");
        }
        catch (IOException e) when (e is not BadHttpRequestException && !cancellationToken.IsCancellationRequested && IsEndOfStream(e))
        {
            throw Broken("The multipart body ends before its last boundary.");
        }
    }

    private static string Boundary(MediaTypeHeaderValue type)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is > 0 and <= LongestBoundary ? boundary : throw Broken($"The Content-Type needs a boundary of 1 to {LongestBoundary} characters.");
    }

    private static string FileName(MultipartSection section)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw Broken("A part has no Content-Disposition of form-data.");
        }

        if (HeaderUtilities.RemoveQuotes(disposition.Name) != PartName)
        {
            throw Broken($"Every part must be named '{PartName}'.");
        }

        if (section.Headers?.TryGetValue("Content-Transfer-Encoding", out var encoding) == true && encoding.ToString().ToLowerInvariant() is not ("binary" or "8bit" or "7bit"))
        {
            throw Broken("A part has a Content-Transfer-Encoding; files must come as they are.");
        }

        // The plain name: an extended one (filename*) could hide a path from whoever looks at the plain one.
        var name = HeaderUtilities.RemoveQuotes(disposition.FileName).ToString();
        if (disposition.FileNameStar.HasValue && disposition.FileNameStar.ToString() != name)
        {
            throw Broken("A part has two different file names.");
        }

        return name.Length > 0 ? name : throw Broken("A part has no file name.");
    }

    /// <summary>The reader's own complaint, in contrast to a full disk, which carries the system's error number.</summary>
    private static bool IsEndOfStream(IOException exception) => exception.HResult == new IOException().HResult;

    private static ApiException Broken(string message) => new(400, ErrorCodes.InvalidMultipart, message);
}

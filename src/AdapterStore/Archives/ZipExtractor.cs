using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Archives;

internal static class ZipExtractor
{
    public static Task ExtractAsync(Stream body, StagedFiles files, CancellationToken cancellationToken) => throw new NotSupportedException();
}

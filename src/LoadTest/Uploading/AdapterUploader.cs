using AdapterServe.Client;
using AdapterServe.Client.Http;

namespace AdapterServe.LoadTest.Uploading;

/// <summary>
/// Uploads folders of adapters. <b>Semantics</b>: an adapter whose name is present is left alone, so that an upload that was cut off goes on; a
/// server that is busy is asked again after the time that it names.
/// </summary>
internal sealed class AdapterUploader(AdapterServeClient client, TimeProvider time)
{
    private const int MostTries = 8;
    private static readonly TimeSpan s_usualWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);

    /// <summary>A folder's adapters by name: its subfolders that hold files, or the folder itself.</summary>
    public static IReadOnlyList<(string Name, string[] Files)> Find(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserErrorException($"There is no folder '{folder}'.");
        }

        string[] folders = Directory.GetFiles(folder).Length > 0
            ? [Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))]
            : [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)];
        var found = folders.Select(path => (Path.GetFileName(path), Directory.GetFiles(path).Order(StringComparer.Ordinal).ToArray()))
            .Where(adapter => adapter.Item2.Length > 0).ToArray();
        return found.Length > 0 ? found : throw new UserErrorException($"'{folder}' holds neither an adapter's files nor folders of them.");
    }

    /// <param name="adapters">Names and paths.</param>
    /// <param name="present">What the server has.</param>
    /// <param name="parallel">Uploads at a time.</param>
    /// <param name="told">Called after each, with its name and why it failed.</param>
    /// <param name="cancellation">Ends it between two uploads or in one.</param>
    public async Task<UploadResult> RunAsync(
        IReadOnlyList<(string Name, string[] Files)> adapters, IReadOnlySet<string> present, int parallel, Action<string, string?> told,
        CancellationToken cancellation)
    {
        var missing = adapters.Where(adapter => !present.Contains(adapter.Name)).ToArray();
        var (uploaded, failed) = (0, 0);
        await Parallel.ForEachAsync(
            missing, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, async (adapter, token) =>
        {
            var error = await PutAsync(adapter, token);
            Interlocked.Add(ref uploaded, error is null ? 1 : 0);
            Interlocked.Add(ref failed, error is null ? 0 : 1);
            told(adapter.Name, error);
        });
        return new UploadResult(uploaded, adapters.Count - missing.Length, failed);
    }

    /// <summary>Null, or why it failed.</summary>
    private async Task<string?> PutAsync((string Name, string[] Files) adapter, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await client.PutAdapterAsync(adapter.Name, adapter.Files, cancellation);
                return null;
            }
            catch (ApiException e) when (e.Status is 429 or 503 && tries < MostTries)
            {
                var wait = e.RetryAfter ?? s_usualWait;
                await Task.Delay(wait < s_longestWait ? wait : s_longestWait, time, cancellation);
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or InvalidDataException)
            {
                return e is ApiException api ? $"{api.Status} {api.Code}: {api.Message}" : e.Message;
            }
        }
    }
}

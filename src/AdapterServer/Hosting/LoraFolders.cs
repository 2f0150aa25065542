using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>
/// The folders on the server's own disk from which adapters may be loaded (<c>--lora-folders</c>).
/// <b>Semantics</b>: links are followed, and where they end must lie inside one of the folders. Nothing is read, and nothing is told, of what lies outside.
/// </summary>
/// <param name="option">The folders, separated by commas; empty where there are none.</param>
internal sealed class LoraFolders(string option)
{
    private const int MostPathCharacters = 4096;

    private readonly string[] _folders = Split(option);

    private static string[] Split(string option) => option.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Those that are no folders.</summary>
    public static IEnumerable<string> Missing(string option) => Split(option).Where(folder => !Directory.Exists(folder));

    /// <summary><b>Errors</b>: 403 <c>lora_folders_off</c> where the server was started without any.</summary>
    public void RequireAny()
    {
        if (_folders.Length == 0)
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden, ErrorCodes.LoraFoldersOff, "The server loads adapters from no folder of its own; its operator names such folders with --lora-folders, or PUT /v1/adapters/{name} uploads one.");
        }
    }

    /// <summary>
    /// The folder that a client names: absolute, or from one of the folders on. <b>Errors</b>: 403 <c>lora_path_outside</c>; 404 <c>lora_path_missing</c> where a folder lies inside
    /// and nothing is there.
    /// </summary>
    public string Find(string path)
    {
        var isPlain = path.Length is > 0 and <= MostPathCharacters && !path.Contains('\0', StringComparison.Ordinal) && !path.Split('/', '\\').Contains("..");
        var inside = isPlain ? _folders.Select(Path.GetFullPath).Where(folder => IsInside(Path.GetFullPath(path, folder), folder)).ToArray() : [];
        if (inside.Length == 0)
        {
            throw Outside();
        }

        foreach (var folder in inside)
        {
            if (RealPath.Of(Path.GetFullPath(path, folder)) is { } real)
            {
                RequireInside(real);
                return Directory.Exists(real) ? real : throw new ApiException(404, ErrorCodes.LoraPathMissing, "'lora_path' is no folder.", "lora_path");
            }
        }

        throw new ApiException(404, ErrorCodes.LoraPathMissing, "There is no such folder in those that the server loads adapters from.", "lora_path");
    }

    /// <summary>Stages a folder's files as an upload would bring them; hidden ones and folders in it are left where they are. <b>Errors</b>: as <see cref="StagedFiles.AddAsync"/>; 403 for a link that leads outside.</summary>
    public async Task StageAsync(string folder, StagedFiles files, CancellationToken cancellationToken)
    {
        foreach (var path in Directory.EnumerateFiles(folder).Where(path => Path.GetFileName(path)[0] != '.').Order(StringComparer.Ordinal))
        {
            var real = RealPath.Of(path) ?? throw new ApiException(404, ErrorCodes.LoraPathMissing, "A link in the folder leads nowhere.", "lora_path");
            RequireInside(real);
            var content = File.OpenRead(real);
            await using var _ = content.ConfigureAwait(false);
            await files.AddAsync(Path.GetFileName(path), content, cancellationToken).ConfigureAwait(false);
        }
    }

    private void RequireInside(string real)
    {
        if (!_folders.Any(folder => RealPath.Of(folder) is { } root && IsInside(real, root)))
        {
            throw Outside();
        }
    }

    private static bool IsInside(string path, string folder) => path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static ApiException Outside() => new(
        StatusCodes.Status403Forbidden, ErrorCodes.LoraPathOutside, "'lora_path' does not lie inside the folders that the server loads adapters from (--lora-folders).", "lora_path");
}

using System.Security.Cryptography;
using System.Text;
using AdapterServe.Engine.Models.Cache;
using AdapterServe.Engine.Models.GenAi;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Engine.Models.Weights;
using Google.Protobuf;

namespace AdapterServe.Engine.Models;

/// <summary>
/// Makes a model folder runnable: an instrumented graph, and its weights in files that can be mapped.
/// <b>Effects</b>: the result is kept in the cache folder under the digest of the content and found there the next time. Weights that the folder holds as the graph needs them are
/// used where they are, so the folder must stay; others are written to the cache once. Two imports at once do the work once; one that is killed leaves nothing
/// that a later one would take for whole.
/// <b>Errors</b>: <see cref="ModelImportException"/>, one code for each cause; <c>disk_full</c> when the cache has no room.
/// </summary>
public sealed class ModelImporter
{
    /// <summary>Part of the digest: another layout of the converted weights must not find the old ones.</summary>
    private const string Version = "adapterserve-import-4";

    private readonly TimeProvider _time;
    private readonly Func<string, Stream> _create;

    public ModelImporter(TimeProvider? time = null)
        : this(time ?? TimeProvider.System, path => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
    {
    }

    internal ModelImporter(TimeProvider time, Func<string, Stream> create)
    {
        _time = time;
        _create = create;
    }

    /// <summary>Whether a folder can be imported, from its configuration and its tensors' names and shapes alone. <b>Errors</b>: <see cref="ModelImportException"/>.</summary>
    /// <returns>Its sizes, and the bytes of the files that an import reads.</returns>
    public static (ModelShape Shape, long Bytes) Check(string modelFolder, ImportOptions? options = null)
    {
        try
        {
            using var folder = Open(Path.GetFullPath(modelFolder), options ?? new ImportOptions());
            return (folder.Shape, folder.Files.Sum(path => new FileInfo(path).Length));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelImportException("io_error", $"The model can't be read: {error.Message}", error);
        }
    }

    /// <param name="modelFolder">A Hugging Face folder, or one of ONNX Runtime GenAI.</param>
    /// <param name="cacheFolder">Where imports are kept, e.g. <c>data/models</c>; made if absent.</param>
    /// <param name="options">How the weights are held; null: f32, under the folder's name.</param>
    /// <param name="progress">Told of each step; may be called from any thread.</param>
    /// <param name="cancellation">Ends the import; nothing of it remains.</param>
    public async Task<ImportedModel> ImportAsync(
        string modelFolder,
        string cacheFolder,
        ImportOptions? options = null,
        IProgress<ImportProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        try
        {
            return await ImportCheckedAsync(Path.GetFullPath(modelFolder), Path.GetFullPath(cacheFolder), options ?? new ImportOptions(), progress, cancellation)
                .ConfigureAwait(false);
        }
        catch (IOException error) when (DiskFull.Is(error))
        {
            throw new ModelImportException("disk_full", $"There is no room for the imported model in '{cacheFolder}'.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelImportException("io_error", $"The model can't be imported: {error.Message}", error);
        }
    }

    private async Task<ImportedModel> ImportCheckedAsync(
        string modelFolder, string cacheFolder, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        using var folder = Open(modelFolder, options);
        var plan = new WeightPlan(folder.Weights);
        Directory.CreateDirectory(cacheFolder);
        var digest = Digest([.. folder.Files], folder.Variant, cacheFolder, progress, cancellation);
        var import = Path.Combine(cacheFolder, digest);
        if (!IsWhole(import, plan))
        {
            using var held = await FolderLock.TakeAsync(import + ".lock", _time, cancellation).ConfigureAwait(false);
            if (!IsWhole(import, plan))
            {
                Write(import, plan, progress, cancellation);
            }
        }

        var weights = plan.References(import);
        var graph = folder.BuildGraph(weights);
        GraphInterface.SetCacheFormat(graph, options.KvFormat, folder.Shape.HeadSize);
        var baseModel = folder.Describe(options.Id ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(modelFolder)), "sha256:" + digest, weights);
        if (options.IsFusable)
        {
            FusableProducts.Rewrite(graph.Graph, baseModel.Sites);
        }

        return new ImportedModel
        {
            Base = baseModel,
            IsFusable = options.IsFusable,
            Shape = folder.Shape with { KvFormat = options.KvFormat },
            Folder = modelFolder,
            GraphBytes = graph.ToByteArray(),
            Weights = weights,
        };
    }

    private static IModelFolder Open(string folder, ImportOptions options) =>
        GenAiConfigReader.Knows(folder) ? GenAiFolder.Open(folder, options) : HuggingFaceFolder.Open(folder, options);

    private static string Digest(
        string[] paths, string variant, string cacheFolder, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var digests = new ContentDigest(cacheFolder, progress, paths.Sum(path => new FileInfo(path).Length));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Version}\n{variant}"));
        foreach (var path in paths)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{Path.GetFileName(path)}\n"));
            hash.AppendData(digests.OfFile(path, cancellation));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A folder gets its name when it is complete; the size is asked for because other programs clear caches too.</summary>
    private static bool IsWhole(string import, WeightPlan plan)
    {
        var written = new FileInfo(Path.Combine(import, WeightPlan.WrittenFile));
        return written.Exists && written.Length == plan.WrittenBytes;
    }

    private void Write(string import, WeightPlan plan, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var temporary = import + ".partial";
        DeleteIfThere(temporary); // Left by an import that was killed: this one holds the lock.
        Directory.CreateDirectory(temporary);
        try
        {
            WriteFile(Path.Combine(temporary, WeightPlan.WrittenFile), stream => plan.Write(stream, progress, cancellation));
            DeleteIfThere(import);
            Directory.Move(temporary, import);
        }
        catch
        {
            DeleteIfThere(temporary);
            throw;
        }
    }

    private void WriteFile(string path, Action<Stream> write)
    {
        using var stream = _create(path);
        write(stream);
        if (stream is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }
    }

    private static void DeleteIfThere(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

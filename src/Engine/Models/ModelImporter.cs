using System.Security.Cryptography;
using System.Text;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Cache;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.HuggingFace;
using Google.Protobuf;

namespace AdapterServe.Engine.Models;

/// <summary>
/// Makes a Hugging Face folder of the Llama architecture runnable: an instrumented graph, and its weights as memory-mappable f32.
/// <b>Effects</b>: the result is kept in the cache folder under the digest of the content and found there the next time. Weights that the folder holds as f32 are
/// used where they are, so the folder must stay; others are written to the cache once. Two imports at once do the work once; one that is killed leaves nothing
/// that a later one would take for whole.
/// <b>Errors</b>: <see cref="ModelImportException"/>, one code for each cause; <c>disk_full</c> when the cache has no room.
/// </summary>
public sealed class ModelImporter
{
    /// <summary>Part of the digest: another layout of the converted weights must not find the old ones.</summary>
    private const string Version = "adapterserve-import-3";

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

    /// <param name="modelFolder">The Hugging Face folder.</param>
    /// <param name="cacheFolder">Where imports are kept, e.g. <c>data/models</c>; made if absent.</param>
    /// <param name="id">The name under which the base is served; null: the folder's name.</param>
    /// <param name="progress">Told of each step; may be called from any thread.</param>
    /// <param name="cancellation">Ends the import; nothing of it remains.</param>
    public async Task<ImportedModel> ImportAsync(
        string modelFolder, string cacheFolder, string? id = null, IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default)
    {
        try
        {
            return await ImportCheckedAsync(Path.GetFullPath(modelFolder), Path.GetFullPath(cacheFolder), id, progress, cancellation).ConfigureAwait(false);
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
        string modelFolder, string cacheFolder, string? id, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var config = ModelConfigReader.Read(modelFolder);
        using var checkpoint = CheckpointTensors.Open(modelFolder);
        LlamaTensors.Check(config, checkpoint);
        var plan = WeightPlan.Make(config, checkpoint);
        Directory.CreateDirectory(cacheFolder);
        var digest = Digest(modelFolder, cacheFolder, checkpoint, progress, cancellation);
        var folder = Path.Combine(cacheFolder, digest);
        var sites = LlamaSites.Of(config);
        if (!IsWhole(folder, plan))
        {
            using var held = await FolderLock.TakeAsync(folder + ".lock", _time, cancellation).ConfigureAwait(false);
            if (!IsWhole(folder, plan))
            {
                Write(folder, config, plan, progress, cancellation);
            }
        }

        var weights = plan.References(folder);
        return new ImportedModel
        {
            Base = new BaseModel(id ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(modelFolder)), "sha256:" + digest, sites)
            {
                Weights = new MappedBaseWeights(weights, config.NormEpsilon),
                HeadSize = config.HeadSize,
                HasTiedEmbeddings = config.TiedEmbeddings,
            },
            Shape = ShapeOf(config),
            Folder = modelFolder,
            GraphBytes = LlamaGraph.Build(config, sites, weights).ToByteArray(),
            Weights = weights,
        };
    }

    private static string Digest(
        string modelFolder, string cacheFolder, CheckpointTensors checkpoint, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var generation = Path.Combine(modelFolder, ModelConfigReader.GenerationFile);
        string[] paths = [Path.Combine(modelFolder, ModelConfigReader.ConfigFile), .. File.Exists(generation) ? [generation] : Array.Empty<string>(), .. checkpoint.Paths];
        var digests = new ContentDigest(cacheFolder, progress, paths.Sum(path => new FileInfo(path).Length));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Version));
        foreach (var path in paths)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{Path.GetFileName(path)}\n"));
            hash.AppendData(digests.OfFile(path, cancellation));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A folder gets its name when it is complete; the size is asked for because other programs clear caches too.</summary>
    private static bool IsWhole(string folder, WeightPlan plan)
    {
        var converted = new FileInfo(Path.Combine(folder, WeightPlan.ConvertedFile));
        return converted.Exists && converted.Length == plan.ConvertedBytes;
    }

    private void Write(string folder, ModelConfig config, WeightPlan plan, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var temporary = folder + ".partial";
        DeleteIfThere(temporary); // Left by an import that was killed: this one holds the lock.
        Directory.CreateDirectory(temporary);
        try
        {
            WriteFile(Path.Combine(temporary, WeightPlan.ConvertedFile), stream => WeightConverter.Write(plan, config, stream, progress, cancellation));
            DeleteIfThere(folder);
            Directory.Move(temporary, folder);
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

    private static ModelShape ShapeOf(ModelConfig config) => new()
    {
        Layers = config.Layers,
        HiddenSize = config.HiddenSize,
        Heads = config.Heads,
        KvHeads = config.KvHeads,
        HeadSize = config.HeadSize,
        VocabularySize = config.VocabularySize,
        ContextTokens = config.ContextTokens,
        EosTokenIds = config.EosTokenIds,
        BosTokenId = config.BosTokenId,
    };
}

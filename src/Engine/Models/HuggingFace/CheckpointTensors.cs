using System.Text.Json;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>
/// The tensors of a Hugging Face folder, from <c>model.safetensors</c> or the shards that <c>model.safetensors.index.json</c> names.
/// <b>Effects</b>: the files stay mapped until <see cref="Dispose"/>. <b>Errors</b>: <see cref="ModelImportException"/>.
/// </summary>
internal sealed class CheckpointTensors : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const long IndexLimitBytes = 64 << 20;
    private readonly SortedDictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);
    private Dictionary<string, CheckpointTensor> _tensors = new(StringComparer.Ordinal);

    private CheckpointTensors()
    {
    }

    public IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>Full paths, in the order of their names.</summary>
    public IEnumerable<string> Paths => _files.Values.Select(file => file.Mapped.Path);

    public static CheckpointTensors Open(string folder)
    {
        var checkpoint = new CheckpointTensors();
        try
        {
            if (File.Exists(Path.Combine(folder, SingleFile)))
            {
                checkpoint.AddAll(checkpoint.OpenFile(folder, SingleFile));
            }
            else
            {
                using var index = JsonFile.TryOpen(folder, IndexFile, IndexLimitBytes) ?? throw NoWeights(folder);
                checkpoint.AddShards(folder, index);
            }

            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Gives the tensors the names that the whole model has for them. A checkpoint of the model without its head, which older libraries wrote, leaves out the
    /// first part of each path.
    /// </summary>
    /// <param name="embeddingWeight">The embedding's weight under its whole path, e.g. <c>transformer.wte.weight</c>.</param>
    public void CompleteNames(string embeddingWeight)
    {
        var prefix = embeddingWeight[..(embeddingWeight.IndexOf('.', StringComparison.Ordinal) + 1)];
        if (!_tensors.ContainsKey(embeddingWeight) && _tensors.ContainsKey(embeddingWeight[prefix.Length..]))
        {
            _tensors = _tensors.ToDictionary(tensor => prefix + tensor.Key, tensor => tensor.Value, StringComparer.Ordinal);
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private static ModelImportException NoWeights(string folder)
    {
        var cure = Directory.EnumerateFiles(folder, "*.bin").Any() ? " Pickled .bin weights are not read; convert them to safetensors." : "";
        return new ModelImportException("weights_missing", $"The model folder '{folder}' has neither {SingleFile} nor {IndexFile}.{cure}");
    }

    private SafetensorsFile OpenFile(string folder, string name)
    {
        try
        {
            var file = SafetensorsFile.Open(Path.GetFullPath(Path.Combine(folder, name)));
            _files.Add(name, file);
            return file;
        }
        catch (AdapterStoreException error)
        {
            throw new ModelImportException(error.Code, $"{name}: {error.Message}", error);
        }
        catch (FileNotFoundException error)
        {
            throw new ModelImportException("shard_missing", $"The model folder has no file '{name}', which its index names.", error);
        }
    }

    private void AddAll(SafetensorsFile file)
    {
        foreach (var (name, tensor) in file.Tensors)
        {
            _tensors.Add(name, new CheckpointTensor(file, tensor));
        }
    }

    private void AddShards(string folder, JsonFile index)
    {
        if (JsonFile.Field(index.Root, "weight_map") is not { ValueKind: JsonValueKind.Object } map)
        {
            throw index.Wrong("weight_map", "an object");
        }

        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : throw index.Wrong("weight_map", "an object of file names");
            if (Path.GetFileName(shard) != shard || shard.Contains('\\', StringComparison.Ordinal) || !shard.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                throw new ModelImportException("index_file_name", $"{IndexFile} names '{shard}', which is not the name of a safetensors file in the folder.");
            }

            var file = _files.TryGetValue(shard, out var open) ? open : OpenFile(folder, shard);
            var tensor = file.Tensors.GetValueOrDefault(entry.Name)
                ?? throw new ModelImportException("index_mismatch", $"{IndexFile} looks for '{entry.Name}' in '{shard}', which does not hold it.");
            _tensors.Add(entry.Name, new CheckpointTensor(file, tensor));
        }

        RefuseUnlisted();
    }

    private void RefuseUnlisted()
    {
        foreach (var (shard, file) in _files)
        {
            var unlisted = file.Tensors.Keys.FirstOrDefault(name => !_tensors.ContainsKey(name));
            if (unlisted is not null)
            {
                throw new ModelImportException("index_mismatch", $"'{shard}' holds '{unlisted}', which {IndexFile} does not list.");
            }
        }
    }
}

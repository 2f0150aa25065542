using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Adapters;

/// <summary>
/// A PEFT folder on a tiny checkpoint, and that checkpoint with the adapter written into its weights, in f64 arithmetic where it computes.
/// The merged one is never tied: its head starts as what the base's head is.
/// </summary>
internal sealed class MergedAdapter
{
    public const string Embedding = "model.embed_tokens";
    public const string Head = "lm_head";
    private const int Alpha = 3;
    private const int Rank = 2;
    private const double Scale = (double)Alpha / Rank;
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);
    private int _seed;

    public MergedAdapter(bool tied, bool biases)
    {
        Base = new TinyCheckpoint { Tied = tied, Biases = biases }.Fill();
        Merged = new TinyCheckpoint { Biases = biases }.Fill();
        if (tied)
        {
            Base.Values[Embedding + ".weight"].CopyTo(Weight(Head), 0);
        }
    }

    /// <summary>What the file's tensors are written as.</summary>
    public SafetensorsType Type { get; init; } = SafetensorsType.F32;

    public TinyCheckpoint Base { get; }

    public TinyCheckpoint Merged { get; }

    public JsonObject Config { get; } = new() { ["peft_type"] = "LORA", ["r"] = Rank, ["lora_alpha"] = Alpha, ["target_modules"] = new JsonArray() };

    /// <summary>Gives the merged embedding and head rows for more tokens, the same ones or rows of their own each.</summary>
    public void AddTokens(int count, bool same = false)
    {
        foreach (var path in (string[])[Embedding, Head])
        {
            var random = new Random(same ? 0 : path.Length);
            Merged.Values[path + ".weight"] = [.. Weight(path), .. Enumerable.Range(0, count * 12).Select(_ => random.Next(-64, 65) / 64f)];
        }
    }

    /// <summary>The merged weight as it is, in the file under the given name.</summary>
    public void AddMerged(string path, string? fileName = null) => Add(fileName ?? path + ".weight", [.. Weight(path)], Weight(path).Length / 12, 12);

    /// <summary>Values that the merged weight has not, as PEFT leaves the weight that a module had before the training.</summary>
    public float[] AddOther(string path, string fileName) => Add(fileName, Weight(path).Length / 12, 12);

    public float[] Weight(string path) => Merged.Values[path + ".weight"];

    public void Target(params string[] names) => Config["target_modules"] = new JsonArray([.. names.Select(name => (JsonNode)name)]);

    public void Save(params string[] names) => Config["modules_to_save"] = new JsonArray([.. names.Select(name => (JsonNode)name)]);

    /// <summary>A tensor of small numbers.</summary>
    public float[] Add(string name, params long[] shape)
    {
        var random = new Random(++_seed);
        float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => random.Next(-64, 65) / 64f)];
        return Add(name, values, shape);
    }

    public float[] Add(string name, float[] values, params long[] shape)
    {
        _tensors["base_model.model." + name] = (shape, values);
        return values;
    }

    public void Remove(string name) => Assert.True(_tensors.Remove("base_model.model." + name));

    /// <summary>W += s B A, in the file and in the merged checkpoint.</summary>
    public void AddLora(string path, int inFeatures, int outFeatures) =>
        Merge(path, Add(path + ".lora_A.weight", Rank, inFeatures), Add(path + ".lora_B.weight", outFeatures, Rank), inFeatures);

    /// <summary>The embedding's E[id, i] += s Σ B[i, r] A[r, id]; at the paths given.</summary>
    public void AddEmbeddingLora(params string[] mergedAt)
    {
        var vocabulary = Weight(Embedding).Length / 12;
        var a = Add(Embedding + ".lora_embedding_A", Rank, vocabulary);
        var b = Add(Embedding + ".lora_embedding_B", 12, Rank);
        foreach (var path in mergedAt)
        {
            for (var i = 0; i < Weight(path).Length; i++)
            {
                Weight(path)[i] += (float)(Scale * Enumerable.Range(0, Rank).Sum(r => b[(i % 12 * Rank) + r] * (double)a[(r * vocabulary) + (i / 12)]));
            }
        }
    }

    /// <summary>Rows of the adapter's own for single tokens.</summary>
    public void AddRows(string name, int[] ids, params string[] mergedAt)
    {
        var rows = Add(name, ids.Length, 12);
        foreach (var path in mergedAt)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                Weight(path)[(ids[i / 12] * 12) + (i % 12)] = rows[i];
            }
        }
    }

    /// <summary>A whole parameter, in the file under its name or another one and in the merged checkpoint.</summary>
    public void AddWhole(string parameter, string? fileName = null, params string[] mergedAt)
    {
        var values = Add(fileName ?? parameter, Base.Shapes[parameter]);
        foreach (var path in mergedAt.Append(parameter))
        {
            values.CopyTo(Merged.Values[path], 0);
        }
    }

    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), JsonSerializer.Serialize(Config));
        using var stream = File.Create(Path.Combine(folder, "adapter_model.safetensors"));
        var writer = new SafetensorsWriter(stream, _tensors.Select(tensor => new SafetensorsEntry(tensor.Key, Type, [.. tensor.Value.Shape])));
        foreach (var (_, values) in _tensors.Values)
        {
            writer.Write(values);
        }

        writer.Complete();
    }

    private void Merge(string path, float[] a, float[] b, int inFeatures)
    {
        for (var i = 0; i < Weight(path).Length; i++)
        {
            Weight(path)[i] += (float)(Scale * Enumerable.Range(0, Rank).Sum(r => b[(i / inFeatures * Rank) + r] * (double)a[(r * inFeatures) + (i % inFeatures)]));
        }
    }
}

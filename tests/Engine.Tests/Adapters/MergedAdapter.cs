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

    public TinyCheckpoint Base { get; }

    public TinyCheckpoint Merged { get; }

    public JsonObject Config { get; } = new() { ["peft_type"] = "LORA", ["r"] = Rank, ["lora_alpha"] = Alpha, ["target_modules"] = new JsonArray() };

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

    /// <summary>W += s B A, in the file and in the merged checkpoint.</summary>
    public void AddLora(string path, int inFeatures, int outFeatures) =>
        Merge(path, Add(path + ".lora_A.weight", Rank, inFeatures), Add(path + ".lora_B.weight", outFeatures, Rank), inFeatures);

    /// <summary>The embedding's E[id, i] += s Σ B[i, r] A[r, id]; at the paths given.</summary>
    public void AddEmbeddingLora(params string[] mergedAt)
    {
        var a = Add(Embedding + ".lora_embedding_A", Rank, TinyCheckpoint.Vocabulary);
        var b = Add(Embedding + ".lora_embedding_B", 12, Rank);
        foreach (var path in mergedAt)
        {
            for (var i = 0; i < Weight(path).Length; i++)
            {
                Weight(path)[i] += (float)(Scale * Enumerable.Range(0, Rank).Sum(r => b[(i % 12 * Rank) + r] * (double)a[(r * TinyCheckpoint.Vocabulary) + (i / 12)]));
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
        var writer = new SafetensorsWriter(stream, _tensors.Select(tensor => new SafetensorsEntry(tensor.Key, SafetensorsType.F32, [.. tensor.Value.Shape])));
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

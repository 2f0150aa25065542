using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>
/// A sound LoRA on q_proj and v_proj of <see cref="Bases.Small"/>, rank 2, which a test then spoils.
/// </summary>
internal sealed class SmallLora
{
    public const string Prefix = "base_model.model.";

    public JsonObject Config { get; } = new()
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "CAUSAL_LM",
        ["r"] = 2,
        ["lora_alpha"] = 4,
        ["lora_dropout"] = 0.1,
        ["bias"] = "none",
        ["init_lora_weights"] = true,
        ["target_modules"] = new JsonArray("q_proj", "v_proj"),
        ["modules_to_save"] = null,
        ["rank_pattern"] = new JsonObject(),
        ["alpha_pattern"] = new JsonObject(),
    };

    public SortedDictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = new(StringComparer.Ordinal);

    public SafetensorsType Type { get; set; } = SafetensorsType.F32;

    /// <summary>A type of the same size that the header claims instead.</summary>
    public SafetensorsType? DeclaredType { get; set; }

    /// <summary>Tensors, by the ends of their names, whose values are written as i32.</summary>
    public HashSet<string> Integers { get; } = [];

    /// <summary>Extra files beside the two.</summary>
    public Dictionary<string, byte[]> Extra { get; } = [];

    /// <param name="seed">Different seeds are different contents.</param>
    public SmallLora(int seed = 1)
    {
        for (var layer = 0; layer < 2; layer++)
        {
            AddPair($"model.layers.{layer}.self_attn.q_proj", 2, 8, 8, seed);
            AddPair($"model.layers.{layer}.self_attn.v_proj", 2, 8, 4, seed + 1);
        }
    }

    public static SmallLora Make(Action<SmallLora> change)
    {
        var lora = new SmallLora();
        change(lora);
        return lora;
    }

    public void AddPair(string path, int rank, int inFeatures, int outFeatures, int seed = 1)
    {
        Add(path + ".lora_A.weight", [rank, inFeatures], seed);
        Add(path + ".lora_B.weight", [outFeatures, rank], seed + 7);
    }

    public void Add(string name, long[] shape, int seed = 1)
    {
        var random = new Random(seed * 31 + name.Length);
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = random.Next(-64, 65) / 32f;
        }

        Tensors[Prefix + name] = (shape, values);
    }

    public void Remove(string name) => Assert.True(Tensors.Remove(Prefix + name));

    public Dictionary<string, byte[]> Files() => new(Extra, StringComparer.Ordinal)
    {
        ["adapter_config.json"] = JsonSerializer.SerializeToUtf8Bytes(Config),
        ["adapter_model.safetensors"] = Safetensors(),
    };

    public byte[] Safetensors()
    {
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, Tensors.Select(tensor => new SafetensorsEntry(tensor.Key, IsInteger(tensor.Key) ? SafetensorsType.I32 : DeclaredType ?? Type, [.. tensor.Value.Shape])));
        foreach (var (name, (_, values)) in Tensors)
        {
            if (IsInteger(name))
            {
                writer.Write(MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (int)value).AsSpan()));
            }
            else if (DeclaredType is null)
            {
                writer.Write(values);
            }
            else
            {
                writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            }
        }

        writer.Complete();
        return stream.ToArray();
    }

    private bool IsInteger(string name) => Integers.Any(end => name.EndsWith(end, StringComparison.Ordinal));
}

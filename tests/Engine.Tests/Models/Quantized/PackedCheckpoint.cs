using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using HeldTensor = (AdapterServe.AdapterStore.Formats.Safetensors.SafetensorsType Type, long[] Shape, byte[] Bytes);

namespace AdapterServe.Engine.Tests.Models.Quantized;

/// <summary>The demo model with its layers' linears packed, and beside it one that has the packed linears' values as f32.</summary>
internal sealed class PackedCheckpoint
{
    private readonly JsonObject _config = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.DemoModel, "config.json")))!.AsObject();
    private readonly Dictionary<string, HeldTensor> _plain = new(StringComparer.Ordinal);

    public PackedCheckpoint(PackingRecipe recipe)
    {
        Packing = recipe.Config;
        using var file = SafetensorsFile.Open(Path.Combine(RepositoryFiles.DemoModel, "model.safetensors"));
        foreach (var (name, tensor) in file.Tensors)
        {
            var values = new float[tensor.Elements];
            file.CopyToF32(tensor, values);
            if (!name.Contains("proj", StringComparison.Ordinal) && !(recipe.Head && name.StartsWith("lm_head", StringComparison.Ordinal)))
            {
                Packed[name] = _plain[name] = (SafetensorsType.F32, [.. tensor.Shape], Bytes(values));
                continue;
            }

            var packed = PackedTensors.Pack(recipe, name[..^".weight".Length], (int)tensor.Shape[0], (int)tensor.Shape[1], values);
            _plain[name] = (SafetensorsType.F32, [.. tensor.Shape], Bytes(packed.Weights));
            foreach (var (key, value) in packed.Tensors)
            {
                Packed[key] = value;
            }
        }
    }

    /// <summary>The field of config.json; a test may change it before writing.</summary>
    public JsonObject Packing { get; }

    /// <summary>The packed folder's tensors; a test may change them before writing.</summary>
    public Dictionary<string, HeldTensor> Packed { get; } = new(StringComparer.Ordinal);

    public void Write(string folder)
    {
        _config["quantization_config"] = Packing.DeepClone();
        WriteTensors(folder, Packed);
    }

    public void WritePlain(string folder)
    {
        _config.Remove("quantization_config");
        WriteTensors(folder, _plain);
    }

    private static byte[] Bytes(float[] values) => [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())];

    private void WriteTensors(string folder, Dictionary<string, HeldTensor> tensors)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), _config.ToJsonString());
        using var stream = File.Create(Path.Combine(folder, "model.safetensors"));
        var writer = new SafetensorsWriter(stream, tensors.Select(tensor => new SafetensorsEntry(tensor.Key, tensor.Value.Type, [.. tensor.Value.Shape])));
        foreach (var tensor in tensors.Values)
        {
            writer.Write(tensor.Bytes);
        }

        writer.Complete();
    }
}

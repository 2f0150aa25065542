using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.AdapterHub;

/// <summary>An adapter of the adapters library, called "me", on <see cref="Bases.Small"/>, which a test then changes.</summary>
internal sealed class SmallHub
{
    public const int Hidden = 8;
    public const int Width = 4;
    public const string Mlp0 = "model.layers.0.mlp";

    public JsonObject Root { get; } = new()
    {
        ["hidden_size"] = Hidden, ["model_class"] = "LlamaForCausalLM", ["model_type"] = "llama", ["name"] = "me", ["version"] = "adapters.1.3.0",
    };

    public JsonObject Config => Root["config"]!.AsObject();

    public SortedDictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, (long[] Shape, float[] Values)> Head { get; } = new(StringComparer.Ordinal);

    public JsonObject? HeadConfig { get; set; }

    /// <summary>A Pfeiffer adapter, or what the options make of it.</summary>
    public static SmallHub Bottleneck(Action<SmallHub>? change = null)
    {
        var hub = new SmallHub();
        hub.Root["config"] = new JsonObject
        {
            ["mh_adapter"] = false, ["output_adapter"] = true, ["non_linearity"] = "relu", ["reduction_factor"] = 2, ["original_ln_before"] = true, ["original_ln_after"] = true,
            ["residual_before_ln"] = true, ["scaling"] = 1.0, ["leave_out"] = new JsonArray(), ["phm_layer"] = false, ["inv_adapter"] = null,
        };
        foreach (var layer in new[] { 0, 1 })
        {
            var name = Location(layer);
            hub.Add(name + "adapter_down.0.weight", [Width, Hidden]);
            hub.Add(name + "adapter_down.0.bias", [Width]);
            hub.Add(name + "adapter_up.weight", [Hidden, Width]);
            hub.Add(name + "adapter_up.bias", [Hidden]);
        }

        change?.Invoke(hub);
        return hub;
    }

    public static SmallHub Lora(Action<SmallHub>? change = null)
    {
        var hub = new SmallHub();
        hub.Root["config"] = new JsonObject { ["architecture"] = "lora", ["r"] = 2, ["alpha"] = 6, ["attn_matrices"] = new JsonArray("q") };
        foreach (var layer in new[] { 0, 1 })
        {
            hub.Add($"model.layers.{layer}.self_attn.q_proj.loras.me.lora_A", [2, Hidden]);
            hub.Add($"model.layers.{layer}.self_attn.q_proj.loras.me.lora_B", [Hidden, 2]);
        }

        change?.Invoke(hub);
        return hub;
    }

    public static string Location(int layer) => $"model.layers.{layer}.output_adapters.adapters.me.";

    public void Add(string name, params long[] shape) => Tensors[name] = (shape, Values(name, shape));

    public void Remove(string name) => Assert.True(Tensors.Remove(name));

    public void Rename(string from, string to)
    {
        foreach (var name in Tensors.Keys.Where(name => name.Contains(from, StringComparison.Ordinal)).ToList())
        {
            Tensors[name.Replace(from, to, StringComparison.Ordinal)] = Tensors[name];
            Tensors.Remove(name);
        }
    }

    public float[] this[string name] => Tensors[name].Values;

    public static float[] Values(string name, params long[] shape)
    {
        var random = new Random(name.Length + name[^1] + name.Sum(letter => letter));
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = random.Next(-64, 65) / 64f;
        }

        return values;
    }

    public Dictionary<string, byte[]> Files()
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["adapter_config.json"] = JsonSerializer.SerializeToUtf8Bytes(Root), ["adapter.safetensors"] = Safetensors(Tensors),
        };
        if (Head.Count > 0)
        {
            files["model_head.safetensors"] = Safetensors(Head);
        }

        if (HeadConfig is not null)
        {
            files["head_config.json"] = JsonSerializer.SerializeToUtf8Bytes(HeadConfig);
        }

        return files;
    }

    /// <summary>The forms at a site, run one after the other on y, with x the residual stream or the linear's input.</summary>
    public async Task<double[]> ApplyAsync(string path, float[] x, float[] y, BaseModel? baseModel = null)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        await storage.PutAsync("small", Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small"), TestContext.Current.CancellationToken);
        return Apply(lease.Weights, (baseModel ?? Bases.Small).FindSite(path)!, x, y);
    }

    public static double[] Apply(AdapterWeights weights, Site site, float[] x, float[] y)
    {
        var output = (float[])y.Clone();
        foreach (var form in weights.At(site.Index).ToArray())
        {
            FormRunner.Apply(form, x, output);
        }

        return Array.ConvertAll(output, value => (double)value);
    }

    public static byte[] Safetensors(SortedDictionary<string, (long[] Shape, float[] Values)> tensors)
    {
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, tensors.Select(tensor => new SafetensorsEntry(tensor.Key, SafetensorsType.F32, [.. tensor.Value.Shape])));
        foreach (var (_, values) in tensors.Values)
        {
            writer.Write(values);
        }

        writer.Complete();
        return stream.ToArray();
    }
}

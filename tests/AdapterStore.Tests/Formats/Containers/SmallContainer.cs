using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

/// <summary>Sound containers for <see cref="Bases.Small"/>, which a test then spoils.</summary>
internal sealed class SmallContainer
{
    private const float Mean = 0.25f;
    private const float Deviation = 0.5f;

    public JsonObject Config { get; private init; } = [];

    public SortedDictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, byte[]> Extra { get; } = new(StringComparer.Ordinal);

    public string TensorFile { get; private init; } = "adapter_model.safetensors";

    public SafetensorsType Type { get; set; } = SafetensorsType.F32;

    public static SmallContainer Convolution(Action<SmallContainer>? spoil = null)
    {
        var made = new SmallContainer { Config = new() { ["adapter_type"] = "causal-convolution", ["bottleneck"] = 3, ["kernel"] = 2, ["activation"] = "silu" } };
        for (var layer = 0; layer < 2; layer++)
        {
            var prefix = $"model.layers.{layer}.conv_adapter.";
            made.Add(prefix + "down.weight", 3, 8);
            made.Add(prefix + "down.bias", 3);
            made.Add(prefix + "conv.weight", 3, 1, 2);
            made.Add(prefix + "conv.bias", 3);
            made.Add(prefix + "up.weight", 8, 3);
            made.Add(prefix + "up.bias", 8);
        }

        spoil?.Invoke(made);
        return made;
    }

    /// <summary>Two experts and their mean.</summary>
    public static SmallContainer Mosa(Action<SmallContainer>? spoil = null)
    {
        var made = new SmallContainer
        {
            TensorFile = "mosa.pt",
            Config = new()
            {
                ["adapter_type"] = "mosa", ["style"] = "adaptformer", ["share"] = "down", ["merge"] = "add", ["bottleneck"] = 3, ["experts"] = 2, ["scale"] = 0.5, ["norm_eps"] = 1e-6,
            },
        };
        for (var layer = 0; layer < 2; layer++)
        {
            var prefix = $"model.layers.{layer}.adapter_";
            made.Add(prefix + "norm.weight", 8);
            made.Add(prefix + "norm.bias", 8);
            made.Add(prefix + "down.weight", 3, 8);
            made.Add(prefix + "down.bias", 3);
            foreach (var (part, shape) in new[] { ("weight", new long[] { 8, 3 }), ("bias", [8]) })
            {
                made.Add($"{prefix}up.0.{part}", shape);
                made.Add($"{prefix}up.1.{part}", shape);
                var (first, second) = (made.Tensors[$"{prefix}up.0.{part}"].Values, made.Tensors[$"{prefix}up.1.{part}"].Values);
                made.Tensors[$"{prefix}up_merge.{part}"] = (shape, [.. first.Zip(second, (a, b) => (a + b) / 2)]);
            }
        }

        spoil?.Invoke(made);
        return made;
    }

    /// <summary>With config.yaml; the bits of each matrix are its number, over and over.</summary>
    public static SmallContainer OneBit(string method, Action<SmallContainer>? spoil = null)
    {
        var made = new SmallContainer
        {
            Config = new()
            {
                ["adapter_type"] = "1bit-" + method, ["backbone"] = "small", ["bit"] = 1, ["dim"] = 4, ["num_class"] = 0, ["layers"] = 2, ["hidden_size"] = 8, ["kv_size"] = 4,
                ["method"] = method, ["scale"] = 2.0,
            },
        };
        made.Extra["config.yaml"] = Encoding.UTF8.GetBytes($"# as trained\nbackbone: small\nbit: 1\ndim: 4\nmethod: {method}\nnum_class: 0\nscale: 2.0\n");
        int[] elements = method == "lora" ? [32, 32, 32, 16, 32, 32, 32, 16] : [32, 32, 32, 32];
        made.Extra["adapter.bin"] = [.. elements.SelectMany((count, i) => (byte[])
            [.. Enumerable.Repeat((byte)(0x35 + i), count / 8), .. BitConverter.GetBytes(Mean), .. BitConverter.GetBytes(Deviation)])];
        spoil?.Invoke(made);
        return made;
    }

    /// <summary>Two heads of three skills at rank 2; of a tenant its routing alone.</summary>
    public static SmallContainer Mhr(string[] tasks, string? inventory = null)
    {
        string[] paths = ["model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj"];
        var named = new JsonArray([.. tasks.Select(task => (JsonNode)task)]);
        var made = new SmallContainer
        {
            TensorFile = "mhr.ckpt",
            Config = inventory is null
                ? new()
                {
                    ["adapter_type"] = "mhr", ["lora_rank"] = 2, ["lora_alpha"] = 3, ["n_skills"] = 3, ["n_splits"] = 2, ["tasks"] = named,
                    ["target_modules"] = new JsonArray([.. paths.Select(path => (JsonNode)path)]),
                }
                : new() { ["adapter_type"] = "mhr-z", ["inventory"] = inventory, ["tasks"] = named },
        };
        foreach (var (path, width) in paths.Zip([8, 12]))
        {
            if (inventory is null)
            {
                made.Add($"model.{path}.lora_a", 2, 3, width / 2, 2);
                made.Add($"model.{path}.lora_b", 2, 3, 2, 4);
            }

            made.Add($"model.{path}.selector.module_logits", tasks.Length, 6);
        }

        return made;
    }

    /// <summary>The value of an element of one of the matrices of <see cref="OneBit"/>.</summary>
    public static double BitValue(int matrix, int row, int column, int columns)
    {
        var at = (row * columns) + column;
        return Mean + (((((0x35 + matrix) >> (at % 8)) & 1) == 0 ? -1 : 1) * 0.67448975 * Deviation);
    }

    public void Add(string name, params long[] shape)
    {
        var random = new Random(Tensors.Count);
        Tensors[name] = (shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => random.Next(-32, 33) / 32f)]);
    }

    public void Remove(string name) => Assert.True(Tensors.Remove(name));

    public Dictionary<string, byte[]> Files()
    {
        var files = new Dictionary<string, byte[]>(Extra, StringComparer.Ordinal) { ["adapter_config.json"] = JsonSerializer.SerializeToUtf8Bytes(Config) };
        if (Tensors.Count > 0)
        {
            files[TensorFile] = TensorFile.EndsWith(".pt", StringComparison.Ordinal) || TensorFile.EndsWith(".ckpt", StringComparison.Ordinal) ? Torch() : Safetensors();
        }

        return files;
    }

    private byte[] Safetensors()
    {
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, Tensors.Select(tensor => new SafetensorsEntry(tensor.Key, Type, [.. tensor.Value.Shape])));
        foreach (var (_, values) in Tensors.Values)
        {
            writer.Write(values);
        }

        writer.Complete();
        return stream.ToArray();
    }

    /// <summary>All tensors in one storage.</summary>
    private byte[] Torch()
    {
        var pickle = new List<byte[]>();
        var (data, offset) = (new List<byte>(), 0);
        var total = Tensors.Values.Sum(tensor => tensor.Values.Length);
        foreach (var (name, (shape, values)) in Tensors)
        {
            var sizes = Array.ConvertAll(shape, size => (int)size);
            var strides = sizes.Select((_, i) => sizes.Skip(i + 1).Aggregate(1, (product, size) => product * size)).ToArray();
            pickle.Add(TorchBytes.Join(TorchBytes.Text(name), TorchBytes.Tensor(total, offset, sizes, strides), "s"));
            offset += values.Length;
            data.AddRange(values.SelectMany(BitConverter.GetBytes));
        }

        var dictionary = TorchBytes.Join("}", TorchBytes.Join([.. pickle]));
        return TorchBytes.Zip(TorchBytes.Pickle(TensorFile.EndsWith(".ckpt", StringComparison.Ordinal) ? TorchBytes.Dict("state_dict", dictionary) : dictionary), ("m/data/0", [.. data]), ("m/version", "3\n"u8.ToArray()));
    }
}

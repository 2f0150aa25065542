using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Formats.AdapterHub;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Fuzz;

/// <summary>
/// Sound uploads of every format: the small ones that the tests make, and every adapter of the repository's data. The smaller one is, the more often it is picked.
/// </summary>
internal sealed class FuzzCorpus
{
    private const int MaxBytes = 512 << 10;
    private readonly FuzzItem[] _items;
    private readonly double[] _bounds;

    public FuzzCorpus()
    {
        _items = [.. Made(), .. Stored()];
        _bounds = new double[_items.Length];
        var sum = 0.0;
        for (var i = 0; i < _items.Length; i++)
        {
            _bounds[i] = sum += 1.0 / Math.Max(_items[i].Bytes, 4 << 10);
        }
    }

    public IReadOnlyList<FuzzItem> Items => _items;

    public FuzzItem Pick(Random random)
    {
        var at = Array.BinarySearch(_bounds, random.NextDouble() * _bounds[^1]);
        return _items[Math.Min(at < 0 ? ~at : at, _items.Length - 1)];
    }

    /// <summary>A file of any item, to splice from.</summary>
    public byte[] AnyFile(Random random)
    {
        var item = Pick(random);
        return item.Files[item.FileNames[random.Next(item.FileNames.Length)]];
    }

    private static IEnumerable<FuzzItem> Made()
    {
        var small = MadeBaseWeights.Small(hasBias: true);
        yield return new FuzzItem("lora", new SmallLora().Files(), small);
        yield return new FuzzItem("lora-bf16", SmallLora.Make(lora => lora.Type = SafetensorsType.BF16).Files(), small);
        yield return new FuzzItem("lora-f16", SmallLora.Make(lora => lora.Type = SafetensorsType.F16).Files(), small);
        yield return new FuzzItem("lora-whole", SmallLora.Make(AddWhole).Files(), small);
        yield return new FuzzItem("lora-more-tokens", SmallLora.Make(AddTokens).Files(), MadeBaseWeights.Small(hasBias: false));
        yield return new FuzzItem("hub-setup", Setup(), small);
        yield return new FuzzItem("lt-sft", LtSftBytes.Files(LtSftBytes.Diff("model.embed_tokens.weight", [16, 8], [3, 9, 40])), small);
        yield return new FuzzItem("hub-bottleneck", SmallHub.Bottleneck().Files(), small);
        yield return new FuzzItem("hub-lora", SmallHub.Lora().Files(), small);
        for (var type = 0u; type < 2; type++)
        {
            yield return new FuzzItem("gguf-" + type, new() { ["small.gguf"] = GgufBytes.Of(new SmallLora(), type).ToArray() }, small);
        }

        yield return new FuzzItem("onnx-adapter", new() { ["small.onnx_adapter"] = OnnxAdapterOfLora.Make(new SmallLora()).ToArray() }, small);
        var pickled = new SmallLora().Files();
        pickled.Remove("adapter_model.safetensors");
        foreach (var (name, file) in TestData.Files(Path.Combine(TestData.Root, "tests", "data", "pickles")))
        {
            if (Path.GetExtension(name) is ".pt" or ".bin" or ".ckpt")
            {
                yield return new FuzzItem("pickle-" + name, new(pickled) { ["adapter_model.bin"] = file }, small);
            }
        }
    }

    /// <summary>Resized ends, one under rows of single tokens.</summary>
    private static void AddTokens(SmallLora lora)
    {
        lora.Config["trainable_token_indices"] = new JsonArray(3, 17);
        lora.Add("model.embed_tokens.token_adapter.trainable_tokens_delta", [2, 8]);
        lora.Add("model.embed_tokens.original_module.weight", [18, 8]);
        lora.Add("lm_head.weight", [18, 8]);
    }

    private static Dictionary<string, byte[]> Setup()
    {
        var files = SmallHub.Bottleneck().Files();
        files["adapter_setup.json"] = """{"adapter_setup":{"type":"Stack","children":[{"type":"single","children":["me"]}]},"head_setup":null,"version":"adapters.1.3.0"}"""u8.ToArray();
        return files;
    }

    /// <summary>A LoRA on the embedding, token rows of the head, biases and a norm.</summary>
    private static void AddWhole(SmallLora lora)
    {
        lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "embed_tokens");
        lora.Config["modules_to_save"] = new JsonArray("model.norm");
        lora.Config["trainable_token_indices"] = new JsonObject { ["lm_head"] = new JsonArray(3, 9) };
        lora.Config["bias"] = "lora_only";
        lora.Add("model.embed_tokens.lora_embedding_A", [2, 16]);
        lora.Add("model.embed_tokens.lora_embedding_B", [8, 2]);
        lora.Add("lm_head.token_adapter.trainable_tokens_delta", [2, 8]);
        lora.Add("model.norm.weight", [8]);
        for (var layer = 0; layer < 2; layer++)
        {
            lora.Add($"model.layers.{layer}.self_attn.q_proj.base_layer.bias", [8]);
            lora.Add($"model.layers.{layer}.self_attn.v_proj.base_layer.bias", [4]);
        }
    }

    private static IEnumerable<FuzzItem> Stored()
    {
        var demo = MadeBaseWeights.Of(Bases.Demo, hasBias: false);
        foreach (var parent in (string[])["adapters", "refused"])
        {
            foreach (var folder in Directory.GetDirectories(Path.Combine(TestData.Root, "tests", "data", parent)).Order(StringComparer.Ordinal))
            {
                var item = new FuzzItem(Path.GetFileName(folder), TestData.Files(folder), demo);
                if (item.Bytes <= MaxBytes)
                {
                    yield return item;
                }
            }
        }
    }
}

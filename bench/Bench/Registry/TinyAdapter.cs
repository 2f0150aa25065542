using System.Collections.Immutable;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.Bench.Registry;

/// <summary>A LoRA of some hundred bytes on a base of one linear: all that a registry needs.</summary>
internal static class TinyAdapter
{
    private const int Width = 8;

    private static readonly byte[] Config = """{"peft_type":"LORA","r":1,"lora_alpha":1,"target_modules":["q_proj"]}"""u8.ToArray();

    public static BaseModel Base { get; } = new(
        "base",
        "sha256:bench",
        [
            new Site(0, "model.embed_tokens", SiteKind.Embedding, Width, Width), new Site(1, "model.layers.0.self_attn.q_proj", SiteKind.Linear, Width, Width),
            new Site(2, "lm_head", SiteKind.Head, Width, Width),
        ]) { Layers = 1, KvHeads = 1, HeadSize = Width };

    public static ImmutableSortedDictionary<string, string> Labels(int seed) =>
        ImmutableSortedDictionary<string, string>.Empty.Add("team", $"t{seed % 7}").Add("stage", seed % 2 == 0 ? "prod" : "try");

    public static async Task PutAsync(AdapterStorage storage, string tenant, string name, int seed)
    {
        using var files = storage.Uploads.Begin();
        using var config = new MemoryStream(Config);
        await files.AddAsync("adapter_config.json", config, CancellationToken.None);
        using var weights = new MemoryStream(Weights(seed));
        await files.AddAsync("adapter_model.safetensors", weights, CancellationToken.None);
        await storage.Uploads.PutAsync(tenant, name, files, null, CancellationToken.None);
    }

    private static byte[] Weights(int seed)
    {
        const string Path = "base_model.model.model.layers.0.self_attn.q_proj.";
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(
            stream, [new SafetensorsEntry(Path + "lora_A.weight", SafetensorsType.F32, [1, Width]), new SafetensorsEntry(Path + "lora_B.weight", SafetensorsType.F32, [Width, 1])]);
        var random = new Random(seed);
        for (var tensor = 0; tensor < 2; tensor++)
        {
            writer.Write([.. Enumerable.Range(0, Width).Select(_ => random.NextSingle())]);
        }

        writer.Complete();
        return stream.ToArray();
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>
/// A LoRA of the goldens on the demo model with two tokens more, <c>&lt;|arr|&gt;</c> and the end <c>&lt;|stop|&gt;</c>, as PEFT saves resized layers. Their rows of embedding
/// and head are copies of those of one token of the base, so what they do can be told from the goldens.
/// </summary>
internal sealed class AddedTokensAdapter(string golden, int copied)
{
    public const int Vocabulary = 1024;
    public const int Arr = 1024;
    public const int Stop = 1025;
    private const int RowBytes = 256 * 2;
    private static readonly string Model = Path.Combine(Repository.Root, "models", "demo", "base");

    /// <summary>The tokenizer's file, for a test to change.</summary>
    public JsonObject Tokenizer { get; } = MakeTokenizer();

    public string? Template { get; set; } = "{{ bos_token }}{% for message in messages %}<|arr|>{{ message['content'] }}{{ eos_token }}{% endfor %}";

    public (string Name, byte[] Content)[] Files() =>
    [
        ("adapter_config.json", File.ReadAllBytes(Path.Combine(Repository.Adapter(golden), "adapter_config.json"))),
        ("adapter_model.safetensors", Weights()),
        ("tokenizer.json", JsonSerializer.SerializeToUtf8Bytes(Tokenizer)),
        ("tokenizer_config.json", """{"bos_token":"<|begin|>","eos_token":"<|stop|>","pad_token":"<|pad|>"}"""u8.ToArray()),
        .. Template is null ? [] : new[] { ("chat_template.jinja", System.Text.Encoding.UTF8.GetBytes(Template)) },
    ];

    /// <summary>The files without those that are about text.</summary>
    public (string Name, byte[] Content)[] FilesWithoutText() => Files()[..2];

    public void AddToken(int id, string text, bool special) => Tokenizer["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject
    {
        ["id"] = id, ["content"] = text, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = special,
    });

    private static JsonObject MakeTokenizer()
    {
        var tokenizer = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Model, "tokenizer.json")))!.AsObject();
        foreach (var (id, text, special) in new[] { (Arr, "<|arr|>", false), (Stop, "<|stop|>", true) })
        {
            tokenizer["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject { ["id"] = id, ["content"] = text, ["special"] = special });
        }

        return tokenizer;
    }

    private byte[] Weights()
    {
        using var lora = SafetensorsFile.Open(Path.Combine(Repository.Adapter(golden), "adapter_model.safetensors"));
        using var model = SafetensorsFile.Open(Path.Combine(Model, "model.safetensors"));
        string[] ends = ["model.embed_tokens.weight", "lm_head.weight"];
        var own = lora.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToList();
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream,
        [
            .. own.Select(tensor => new SafetensorsEntry(tensor.Name, tensor.DType, tensor.Shape)),
            .. ends.Select(name => new SafetensorsEntry("base_model.model." + name, SafetensorsType.BF16, [Vocabulary + 2, 256])),
        ]);
        own.ForEach(tensor => writer.Write(lora.Bytes(tensor)));
        foreach (var name in ends)
        {
            var rows = model.Bytes(model.Tensors[name]);
            writer.Write(rows);
            writer.Write(rows.Slice(copied * RowBytes, RowBytes));
            writer.Write(rows.Slice(copied * RowBytes, RowBytes));
        }

        writer.Complete();
        return stream.ToArray();
    }
}

using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Gguf;

public sealed class GgufLoraTests
{
    private const string QueryA = "blk.0.attn_q.weight.lora_a";
    private const string QueryB = "blk.0.attn_q.weight.lora_b";

    private static readonly Dictionary<string, (AdapterErrorKind Kind, string Code, Action<GgufBytes> Spoil)> Cases = new(StringComparer.Ordinal)
    {
        ["another magic"] = Malformed("gguf_magic", file => file.Magic = "GGUG"u8.ToArray()),
        ["version 1"] = Malformed("gguf_version", file => file.Version = 1),
        ["big-endian"] = Malformed("gguf_version", file => file.Version = 0x03000000),
        ["any number of tensors"] = Malformed("gguf_count", file => file.TensorCount = ulong.MaxValue),
        ["any number of keys"] = Malformed("gguf_count", file => file.KeyCount = ulong.MaxValue),
        ["a list of any length"] = Malformed("gguf_count", file => file.Set("list", 9, [.. BitConverter.GetBytes(4u), .. BitConverter.GetBytes(ulong.MaxValue)])),
        ["a list that goes on behind the file"] = Malformed("gguf_truncated", file => file.Set("list", 9, [.. BitConverter.GetBytes(12u), .. BitConverter.GetBytes(500UL)])),
        ["a list of lists"] = Malformed("gguf_value_type", file => file.Set("list", 9, [.. BitConverter.GetBytes(9u), .. BitConverter.GetBytes(1UL)])),
        ["a value of an unknown type"] = Malformed("gguf_value_type", file => file.Set("x", 13, [])),
        ["a name of any length"] = Malformed("gguf_text", file => file.Set("x", 8, BitConverter.GetBytes(ulong.MaxValue))),
        ["a name that is not UTF-8"] = Malformed("gguf_text", file => file.Set("x", 8, [.. BitConverter.GetBytes(1UL), 0xFF])),
        ["a key twice"] = Malformed("gguf_duplicate", file => file.Keys.Add(file.Keys[0])),
        ["a tensor twice"] = Malformed("gguf_duplicate", file => file.Tensors.Add(file.Tensors[0])),
        ["no alpha"] = Malformed("gguf_key", file => file.Keys.RemoveAll(entry => entry.Key == "adapter.lora.alpha")),
        ["an alpha that is text"] = Malformed("gguf_key", file => file.Set("adapter.lora.alpha", 8, GgufBytes.Text("4"))),
        ["no architecture"] = Malformed("gguf_key", file => file.Keys.RemoveAll(entry => entry.Key == "general.architecture")),
        ["an odd alignment"] = Malformed("gguf_alignment", file => file.Set("general.alignment", 4, BitConverter.GetBytes(24u))),
        ["an alignment of zero"] = Malformed("gguf_alignment", file => file.Set("general.alignment", 4, BitConverter.GetBytes(0u))),
        ["a tensor of no dimension"] = Malformed("gguf_tensor", file => Change(file, QueryB, sizes: [])),
        ["a tensor of three"] = Malformed("gguf_tensor", file => Change(file, QueryB, sizes: [2, 4, 2])),
        ["a tensor of no rows"] = Malformed("gguf_tensor", file => Change(file, QueryB, sizes: [2, 0])),
        ["a tensor of any size"] = Malformed("gguf_tensor", file => Change(file, QueryB, sizes: [ulong.MaxValue, ulong.MaxValue])),
        ["a tensor behind the file"] = Malformed("gguf_tensor", file => Change(file, QueryB, offset: 1 << 20)),
        ["an offset that is not aligned"] = Malformed("gguf_tensor", file => Change(file, QueryB, offset: 4)),
        ["an offset beyond 63 bits"] = Malformed("gguf_tensor", file => Change(file, QueryB, offset: ulong.MaxValue - 31)),
        ["a quantised tensor"] = Unservable("gguf_quantised", file => Change(file, QueryB, type: 8)),
        ["a model"] = Unservable("gguf_not_lora", file => file.Set("general.type", 8, GgufBytes.Text("model"))),
        ["a control vector"] = Unservable("gguf_not_lora", file => file.Set("adapter.type", 8, GgufBytes.Text("control"))),
        ["another architecture"] = Unservable("gguf_architecture", file => file.Set("general.architecture", 8, GgufBytes.Text("gpt2"))),
        ["activated LoRA without invocation tokens"] = Unservable("alora", file => file.Set("adapter.alora.invocation_tokens", 9, [.. BitConverter.GetBytes(4u), .. BitConverter.GetBytes(0UL)])),
        ["activated LoRA by a token that the base lacks"] = Unservable("alora", file => file.Set(
            "adapter.alora.invocation_tokens", 9, [.. BitConverter.GetBytes(5u), .. BitConverter.GetBytes(1UL), .. BitConverter.GetBytes(16)])),
        ["an embedding"] = Unservable("unknown_module", file => Rename(file, QueryA, "token_embd.weight.lora_a")),
        ["a layer that the base lacks"] = Unservable("unknown_module", file => Rename(file, QueryA, "blk.7.attn_q.weight.lora_a")),
        ["a negative layer"] = Unservable("unknown_module", file => Rename(file, QueryA, "blk.-1.attn_q.weight.lora_a")),
        ["a whole weight"] = Unservable("unknown_tensor", file => Rename(file, QueryA, "blk.0.attn_norm.weight")),
        ["A without B"] = Unservable("lone_factor", file => file.Tensors.RemoveAll(tensor => tensor.Name == QueryB)),
        ["B without A"] = Unservable("lone_factor", file => file.Tensors.RemoveAll(tensor => tensor.Name == QueryA)),
        ["no tensors"] = Unservable("no_modules", file => file.Tensors.Clear()),
        ["B of another height"] = Unservable("shape_mismatch", file => Change(file, QueryB, sizes: [2, 4])),
        ["B of another rank"] = Unservable("shape_mismatch", file => Change(file, QueryB, sizes: [1, 8])),
        ["an alpha beyond f32"] = Unservable("scale", file => file.Set("adapter.lora.alpha", 6, BitConverter.GetBytes(float.PositiveInfinity))),
        ["NaN in B"] = Unservable("not_finite", file => file.Tensors.Single(tensor => tensor.Name == QueryB).Data.AsSpan().Fill(0xFF)),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [InlineData(0u, "float32", "llama")]
    [InlineData(1u, "float16", "llama")]
    [InlineData(30u, "bfloat16", "llama")]
    [InlineData(0u, "float32", "qwen2")]
    public async Task A_converted_LoRA_serves_what_the_original_serves(uint type, string dtype, string architecture)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var lora = SmallLora.Make(made => Complete(made));
        var file = GgufBytes.Of(lora, type, reorder: architecture == "llama");
        file.Set("general.architecture", 8, GgufBytes.Text(architecture));
        await storage.PutAsync("peft", lora.Files());
        var put = await storage.PutAsync("gguf", Files(file));
        Assert.Equal(("lora", dtype, "exact", 6), (put.Descriptor.Kind, put.Descriptor.Dtype, put.Descriptor.Exactness, put.Descriptor.Sites));

        using var peft = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "peft"), TestContext.Current.CancellationToken);
        using var gguf = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "gguf"), TestContext.Current.CancellationToken);
        var x = Enumerable.Range(0, 8).Select(i => i - 2.5f).ToArray();
        foreach (var site in Bases.Small.Sites)
        {
            Assert.Equal(peft.Weights.At(site.Index).Length, gguf.Weights.At(site.Index).Length);
            for (var i = 0; i < peft.Weights.At(site.Index).Length; i++)
            {
                Assert.Equal(FormRunner.Run(peft.Weights.At(site.Index)[i], x), FormRunner.Run(gguf.Weights.At(site.Index)[i], x));
            }
        }
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(5u)]
    public async Task Invocation_tokens_make_it_an_activated_one(uint type)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var file = GgufBytes.Of(new SmallLora());
        file.Set("adapter.alora.invocation_tokens", 9, [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(2UL), .. BitConverter.GetBytes(7), .. BitConverter.GetBytes(15)]);
        var put = await storage.PutAsync("gguf", Files(file));
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "gguf"), TestContext.Current.CancellationToken);
        Assert.Equal("alora", put.Descriptor.Kind);
        Assert.Equal([7, 15], lease.Weights.InvocationTokens);
    }

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_wrong_file_is_refused_with_its_own_code(string name)
    {
        var (kind, code, spoil) = Cases[name];
        var file = GgufBytes.Of(new SmallLora());
        spoil(file);
        await RefuseAsync(Files(file), kind, code);
    }

    [Fact]
    public async Task Every_truncation_is_refused()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var sound = GgufBytes.Of(new SmallLora()).ToArray();
        for (var length = 0; length < sound.Length - 31; length += length < 400 ? 1 : 37)
        {
            var refused = await storage.RefusedAsync(new Dictionary<string, byte[]> { ["a.gguf"] = sound[..length] });
            Assert.StartsWith("gguf_", refused.Code, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Two_files_are_refused()
    {
        var file = GgufBytes.Of(new SmallLora()).ToArray();
        await RefuseAsync(new Dictionary<string, byte[]> { ["a.gguf"] = file, ["b.gguf"] = file }, AdapterErrorKind.Unservable, "gguf_several");
    }

    private static async Task RefuseAsync(Dictionary<string, byte[]> files, AdapterErrorKind kind, string code)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var refused = await storage.RefusedAsync(files);
        Assert.Equal((kind, code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(folder.AdapterFiles());
    }

    private static void Complete(SmallLora lora)
    {
        lora.Config["target_modules"] = new System.Text.Json.Nodes.JsonArray("q_proj", "k_proj", "v_proj");
        for (var layer = 0; layer < 2; layer++)
        {
            lora.AddPair($"model.layers.{layer}.self_attn.k_proj", 2, 8, 4, 3);
        }
    }

    private static Dictionary<string, byte[]> Files(GgufBytes file) => new() { ["adapter.gguf"] = file.ToArray() };

    private static void Rename(GgufBytes file, string name, string newName)
    {
        var at = file.Tensors.FindIndex(tensor => tensor.Name == name);
        var old = file.Tensors[at];
        file.Tensors[at] = (newName, old.Sizes, old.Type, old.Data, old.Offset);
    }

    private static void Change(GgufBytes file, string name, ulong[]? sizes = null, uint? type = null, ulong? offset = null)
    {
        var at = file.Tensors.FindIndex(tensor => tensor.Name == name);
        var old = file.Tensors[at];
        file.Tensors[at] = (name, sizes ?? old.Sizes, type ?? old.Type, old.Data, offset ?? old.Offset);
    }

    private static (AdapterErrorKind Kind, string Code, Action<GgufBytes> Spoil) Unservable(string code, Action<GgufBytes> spoil) => (AdapterErrorKind.Unservable, code, spoil);

    private static (AdapterErrorKind Kind, string Code, Action<GgufBytes> Spoil) Malformed(string code, Action<GgufBytes> spoil) => (AdapterErrorKind.Malformed, code, spoil);
}

using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.OnnxAdapter;

public sealed class OnnxAdapterTests
{
    private const string QueryA = "model.layers.0.self_attn.q_proj.lora_A.weight";
    private const string QueryB = "model.layers.0.self_attn.q_proj.lora_B.weight";

    private static readonly Dictionary<string, (AdapterErrorKind Kind, string Code, Action<OnnxAdapterBytes> Spoil)> Cases = new(StringComparer.Ordinal)
    {
        ["another identifier"] = Malformed("onnx_adapter_identifier", file => file.Identifier = "TORS"u8.ToArray()),
        ["version 0"] = Malformed("onnx_adapter_version", file => file.Version = 0),
        ["version 2"] = Malformed("onnx_adapter_version", file => file.Version = 2),
        ["more parameters than bytes"] = Malformed("onnx_adapter_truncated", file => file.Count = uint.MaxValue),
        ["any number of parameters"] = Malformed("onnx_adapter_count", file =>
        {
            file.Count = 65537;
            file.Parameters[^1] = file.Parameters[^1] with { Data = new byte[65537 * 4] };
        }),
        ["data behind the file"] = Malformed("onnx_adapter_truncated", file => Change(file, QueryB, entry => entry with { DataLength = uint.MaxValue })),
        ["data that is too short"] = Malformed("onnx_adapter_parameter", file => Change(file, QueryB, entry => entry with { DataLength = 4 })),
        ["a name that is not UTF-8"] = Malformed("onnx_adapter_text", file => Change(file, QueryB, entry => entry with { RawName = [0xFF] })),
        ["a name without end"] = Malformed("onnx_adapter_text", file => Change(file, QueryB, entry => entry with { RawName = new byte[4097] })),
        ["a parameter twice"] = Malformed("onnx_adapter_duplicate", file => file.Parameters.Add(file.Parameters[0])),
        ["a vector"] = Malformed("onnx_adapter_parameter", file => Change(file, QueryB, entry => entry with { Sizes = [16] })),
        ["three dimensions"] = Malformed("onnx_adapter_parameter", file => Change(file, QueryB, entry => entry with { Sizes = [2, 4, 2] })),
        ["negative sizes"] = Malformed("onnx_adapter_parameter", file => Change(file, QueryB, entry => entry with { Sizes = [-2, -8] })),
        ["sizes beyond 64 bits"] = Malformed("onnx_adapter_parameter", file => Change(file, QueryB, entry => entry with { Sizes = [long.MaxValue, long.MaxValue] })),
        ["no rows"] = Malformed("onnx_adapter_parameter", file => Change(file, QueryB, entry => entry with { Sizes = [0, 8], Data = [] })),
        ["integers"] = Unservable("dtype", file => Change(file, QueryB, entry => entry with { Type = 2 })),
        ["no type"] = Unservable("dtype", file => Change(file, QueryB, entry => entry with { Type = 0 })),
        ["a whole weight"] = Unservable("unknown_tensor", file => Change(file, QueryB, entry => entry with { Name = "model.norm.weight" })),
        ["a quantised factor's scale"] = Unservable("unknown_tensor", file => Change(file, QueryB, entry => entry with { Name = "model.layers.0.self_attn.q_proj.lora_B.quant.scale" })),
        ["a factor of nothing"] = Unservable("unknown_tensor", file => Change(file, QueryB, entry => entry with { Name = "lora_B.weight" })),
        ["an embedding"] = Unservable("unknown_module", file => Change(file, QueryB, entry => entry with { Name = "model.embed_tokens.lora_B.weight" })),
        ["a layer that the base lacks"] = Unservable("unknown_module", file => Change(file, QueryB, entry => entry with { Name = QueryB.Replace("layers.0", "layers.9", StringComparison.Ordinal) })),
        ["A under two names"] = Unservable("ambiguous_keys", file => file.Parameters.Add(
            file.Parameters.Single(entry => entry.Name == QueryA) with { Name = "base_model.model." + QueryA })),
        ["A without B"] = Unservable("lone_factor", file => file.Parameters.RemoveAll(entry => entry.Name == QueryB)),
        ["B without A"] = Unservable("lone_factor", file => file.Parameters.RemoveAll(entry => entry.Name == QueryA)),
        ["no parameters"] = Unservable("no_modules", file => file.Parameters.Clear()),
        ["B as PEFT has it"] = Unservable("shape_mismatch", file => Change(file, QueryB, entry => entry with { Sizes = [8, 2] })),
        ["B of another rank"] = Unservable("shape_mismatch", file => Change(file, QueryB, entry => entry with { Sizes = [1, 8], Data = new byte[32] })),
        ["NaN in B"] = Unservable("not_finite", file => Change(file, QueryB, entry => entry with { Data = [.. Enumerable.Repeat((byte)0xFF, entry.Data.Length)] })),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [InlineData(1, "float32", "")]
    [InlineData(10, "float16", "")]
    [InlineData(16, "bfloat16", "")]
    [InlineData(1, "float32", "base_model.model.")]
    [InlineData(1, "float32", null)]
    public async Task A_converted_LoRA_serves_what_the_original_serves(int type, string dtype, string? prefix)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var lora = new SmallLora();
        var file = OnnxAdapterOfLora.Make(lora, type);
        for (var i = 0; i < file.Parameters.Count; i++)
        {
            var name = file.Parameters[i].Name;
            file.Parameters[i] = file.Parameters[i] with { Name = prefix is null ? NodeName(name) : prefix + name };
        }

        await storage.PutAsync("peft", lora.Files());
        var put = await storage.PutAsync("onnx", Files(file));
        Assert.Equal(("lora", dtype, "exact", 4), (put.Descriptor.Kind, put.Descriptor.Dtype, put.Descriptor.Exactness, put.Descriptor.Sites));

        using var peft = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "peft"), TestContext.Current.CancellationToken);
        using var onnx = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "onnx"), TestContext.Current.CancellationToken);
        var x = Enumerable.Range(0, 8).Select(i => i - 2.5f).ToArray();
        foreach (var site in Bases.Small.Sites)
        {
            Assert.Equal(peft.Weights.At(site.Index).Length, onnx.Weights.At(site.Index).Length);
            for (var i = 0; i < peft.Weights.At(site.Index).Length; i++)
            {
                Assert.Equal(FormRunner.Run(peft.Weights.At(site.Index)[i], x), FormRunner.Run(onnx.Weights.At(site.Index)[i], x));
            }
        }
    }

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_wrong_file_is_refused_with_its_own_code(string name)
    {
        var (kind, code, spoil) = Cases[name];
        var file = OnnxAdapterOfLora.Make(new SmallLora());
        spoil(file);
        await RefuseAsync(Files(file), kind, code);
    }

    [Fact]
    public async Task Every_truncation_is_refused()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var sound = OnnxAdapterOfLora.Make(new SmallLora()).ToArray();
        for (var length = 0; length < sound.Length; length += length < 400 ? 1 : 37)
        {
            var refused = await storage.RefusedAsync(new Dictionary<string, byte[]> { ["a.onnx_adapter"] = sound[..length] });
            Assert.Equal(AdapterErrorKind.Malformed, refused.Kind);
            Assert.StartsWith("onnx_adapter_", refused.Code, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Parameters_that_share_their_data_are_refused_before_they_take_memory()
    {
        // Each parameter's data goes on to the end of the file, over those behind it: together they claim more than the file has.
        var many = new OnnxAdapterBytes();
        many.Parameters.AddRange(Enumerable.Range(0, 8).Select(i => new OnnxAdapterEntry($"m{i}.lora_A.weight", [256, 256], 1, [])));
        var shared = many.ToArray();
        Array.Resize(ref shared, shared.Length + (256 * 256 * 4));
        for (var at = 0; at < shared.Length - (256 * 256 * 4) - 3; at++)
        {
            // The empty data's length, behind the two sizes of 256.
            if (at >= 16 && BitConverter.ToInt64(shared, at - 8) == 256 && BitConverter.ToInt64(shared, at - 16) == 256)
            {
                BitConverter.GetBytes(256 * 256 * 4).CopyTo(shared, at);
            }
        }

        await RefuseAsync(new Dictionary<string, byte[]> { ["a.onnx_adapter"] = shared }, AdapterErrorKind.Malformed, "onnx_adapter_count");
    }

    [Fact]
    public async Task Two_files_are_refused()
    {
        var file = OnnxAdapterOfLora.Make(new SmallLora()).ToArray();
        await RefuseAsync(new Dictionary<string, byte[]> { ["a.onnx_adapter"] = file, ["b.onnx_adapter"] = file }, AdapterErrorKind.Unservable, "onnx_adapter_several");
    }

    /// <summary>As the model builder names the inputs of its own graph.</summary>
    private static string NodeName(string name) => name.Replace("self_attn", "attn", StringComparison.Ordinal).Replace(".weight", ".MatMul.weight", StringComparison.Ordinal);

    private static async Task RefuseAsync(Dictionary<string, byte[]> files, AdapterErrorKind kind, string code)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var refused = await storage.RefusedAsync(files);
        Assert.Equal((kind, code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(folder.AdapterFiles());
    }

    private static Dictionary<string, byte[]> Files(OnnxAdapterBytes file) => new() { ["adapter.onnx_adapter"] = file.ToArray() };

    private static void Change(OnnxAdapterBytes file, string name, Func<OnnxAdapterEntry, OnnxAdapterEntry> change)
    {
        var at = file.Parameters.FindIndex(entry => entry.Name == name);
        file.Parameters[at] = change(file.Parameters[at]);
    }

    private static (AdapterErrorKind Kind, string Code, Action<OnnxAdapterBytes> Spoil) Unservable(string code, Action<OnnxAdapterBytes> spoil) => (AdapterErrorKind.Unservable, code, spoil);

    private static (AdapterErrorKind Kind, string Code, Action<OnnxAdapterBytes> Spoil) Malformed(string code, Action<OnnxAdapterBytes> spoil) => (AdapterErrorKind.Malformed, code, spoil);
}

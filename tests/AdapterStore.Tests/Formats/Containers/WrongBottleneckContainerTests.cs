using System.Text;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

/// <summary>One row for each way in which a container of a bottleneck can be wrong.</summary>
public sealed class WrongBottleneckContainerTests
{
    private const string Conv0 = "model.layers.0.conv_adapter.";
    private const string Mosa1 = "model.layers.1.adapter_";

    private static readonly Dictionary<string, (string Code, Func<SmallContainer> Make)> Unservable = new(StringComparer.Ordinal)
    {
        ["a convolution without one of its tensors"] = ("missing_tensors", () => SmallContainer.Convolution(c => c.Remove(Conv0 + "conv.bias"))),
        ["a convolution of another length"] = ("shape_mismatch", () => SmallContainer.Convolution(c => c.Config["kernel"] = 3)),
        ["a convolution of no taps"] = ("option_range", () => SmallContainer.Convolution(c => c.Config["kernel"] = 0)),
        ["a convolution of very many taps"] = ("option_range", () => SmallContainer.Convolution(c => c.Config["kernel"] = 100_000)),
        ["a convolution that is not depth-wise"] = ("shape_mismatch", () => SmallContainer.Convolution(c => c.Add(Conv0 + "conv.weight", 3, 3, 2))),
        ["a bottleneck of no width"] = ("rank", () => SmallContainer.Convolution(c => c.Config["bottleneck"] = 0)),
        ["another activation"] = ("option_range", () => SmallContainer.Convolution(c => c.Config["activation"] = "snake")),
        ["an option of another kind"] = ("unknown_option", () => SmallContainer.Convolution(c => c.Config["dilation"] = 2)),
        ["a layer that the base lacks"] = ("unknown_tensor", () => SmallContainer.Convolution(c => c.Add("model.layers.2.conv_adapter.up.bias", 8))),
        ["a tensor of another kind"] = ("unknown_tensor", () => SmallContainer.Convolution(c => c.Add(Conv0 + "gate.weight", 8))),
        ["a name without a layer"] = ("unknown_tensor", () => SmallContainer.Convolution(c => c.Add("conv_adapter.up.bias", 8))),
        ["a layer without tensors"] = ("missing_modules", () => SmallContainer.Convolution(c => c.Tensors.Keys.Where(name => name.StartsWith(Conv0, StringComparison.Ordinal)).ToList().ForEach(c.Remove))),
        ["NaN in a convolution"] = ("not_finite", () => SmallContainer.Convolution(c => c.Tensors[Conv0 + "conv.weight"].Values[1] = float.NaN)),
        ["NaN in a bias"] = ("not_finite", () => SmallContainer.Convolution(c => c.Tensors[Conv0 + "up.bias"].Values[1] = float.NaN)),
        ["no file of tensors"] = ("missing_weights", () => SmallContainer.Convolution(c => c.Tensors.Clear())),
        ["a mean that is not the experts'"] = ("copies_differ", () => SmallContainer.Mosa(c => c.Tensors[Mosa1 + "up_merge.weight"].Values[3] += 1e-4f)),
        ["a bias that is not the mean of the experts'"] = ("copies_differ", () => SmallContainer.Mosa(c => c.Tensors[Mosa1 + "up_merge.bias"].Values[0] -= 1e-4f)),
        ["an expert that is missing"] = ("missing_tensors", () => SmallContainer.Mosa(c => c.Remove(Mosa1 + "up.1.weight"))),
        ["an expert beyond their number"] = ("unknown_tensor", () => SmallContainer.Mosa(c => c.Add(Mosa1 + "up.2.weight", 8, 3))),
        ["very many experts"] = ("option_range", () => SmallContainer.Mosa(c => c.Config["experts"] = int.MaxValue)),
        ["split down-projections"] = ("option_range", () => SmallContainer.Mosa(c => c.Config["share"] = "none")),
        ["another style"] = ("option_range", () => SmallContainer.Mosa(c => c.Config["style"] = "houlsby")),
        ["a norm without epsilon"] = ("option_range", () => SmallContainer.Mosa(c => c.Config["norm_eps"] = 0)),
        ["a scale beyond f32"] = ("option_range", () => SmallContainer.Mosa(c => c.Config["scale"] = 1e300)),
        ["a norm of another width"] = ("shape_mismatch", () => SmallContainer.Mosa(c => c.Add(Mosa1 + "norm.weight", 7))),
        ["infinity in an expert"] = ("not_finite", () => SmallContainer.Mosa(c => c.Tensors[Mosa1 + "up.0.weight"].Values[2] = float.PositiveInfinity)),
        ["two bits a weight"] = ("option_range", () => SmallContainer.OneBit("lora", c => c.Config["bit"] = 2)),
        ["a head"] = ("option_range", () => SmallContainer.OneBit("lora", c => c.Config["num_class"] = 10)),
        ["another method"] = ("option_range", () => SmallContainer.OneBit("lora", c => c.Config["method"] = "adaptformer")),
        ["another number of layers"] = ("option_range", () => SmallContainer.OneBit("lora", c => c.Config["layers"] = 3)),
        ["another width of the base"] = ("option_range", () => SmallContainer.OneBit("adaptformer", c => c.Config["hidden_size"] = 16)),
        ["another width of values"] = ("option_range", () => SmallContainer.OneBit("lora", c => c.Config["kv_size"] = 8)),
        ["configurations that differ in a number"] = ("configs_differ", () => SmallContainer.OneBit("lora", c => c.Config["scale"] = 4)),
        ["configurations that differ in a word"] = ("configs_differ", () => SmallContainer.OneBit("lora", c => c.Config["backbone"] = "large")),
        ["a key in one configuration alone"] = ("configs_differ", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = "novelty: 1\n"u8.ToArray())),
        ["a matrix that ends within a byte"] = ("one_bit_shape", () => SmallContainer.OneBit("lora", c => (c.Config["dim"], c.Extra["config.yaml"]) = (1, "bit: 1\n"u8.ToArray()))),
        ["a mean that is not finite"] = ("not_finite", () => SmallContainer.OneBit("lora", c => BitConverter.GetBytes(float.NaN).CopyTo(c.Extra["adapter.bin"], 4))),
        ["values beyond f32"] = ("not_finite", () => SmallContainer.OneBit("lora", c => BitConverter.GetBytes(3e38f).CopyTo(c.Extra["adapter.bin"], 4 + 4))),
        ["no file of bits"] = ("missing_weights", () => SmallContainer.OneBit("lora", c => c.Extra.Remove("adapter.bin"))),
    };

    private static readonly Dictionary<string, (string Code, Func<SmallContainer> Make)> Malformed = new(StringComparer.Ordinal)
    {
        ["a byte too few"] = ("one_bit_size", () => SmallContainer.OneBit("lora", c => c.Extra["adapter.bin"] = c.Extra["adapter.bin"][..^1])),
        ["a byte too many"] = ("one_bit_size", () => SmallContainer.OneBit("lora", c => c.Extra["adapter.bin"] = [.. c.Extra["adapter.bin"], 0])),
        ["an empty file"] = ("one_bit_size", () => SmallContainer.OneBit("lora", c => c.Extra["adapter.bin"] = [])),
        ["yaml with a list"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = "- bit: 1\n"u8.ToArray())),
        ["yaml with a nested key"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = "bit:\n  of: 1\n"u8.ToArray())),
        ["yaml with a key twice"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = "bit: 1\nbit: 1\n"u8.ToArray())),
        ["yaml with a tag"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = "bit: !!python/object 1\n"u8.ToArray())),
        ["yaml with an alias"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = "bit: *a\n"u8.ToArray())),
        ["yaml that is not UTF-8"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = [0x62, 0xFF])),
        ["yaml that is long"] = ("config_yaml", () => SmallContainer.OneBit("lora", c => c.Extra["config.yaml"] = Encoding.UTF8.GetBytes(new string('#', 1 << 17)))),
        ["no rank"] = ("config_missing_key", () => SmallContainer.OneBit("lora", c => _ = (c.Config.Remove("dim"), c.Extra.Remove("config.yaml")))),
        ["a torch file that is none"] = ("pickle_layout", () => SmallContainer.Mosa(c => (c.Extra["mosa.pt"], _) = ("none"u8.ToArray(), Cleared(c)))),
    };

    public static TheoryData<string> UnservableNames => [.. Unservable.Keys];

    public static TheoryData<string> MalformedNames => [.. Malformed.Keys];

    [Theory]
    [MemberData(nameof(UnservableNames))]
    public Task A_container_that_does_not_fit_is_refused_with_its_own_code_and_leaves_nothing(string name) => RefusesAsync(AdapterErrorKind.Unservable, Unservable[name]);

    [Theory]
    [MemberData(nameof(MalformedNames))]
    public Task A_damaged_container_is_refused_with_its_own_code_and_leaves_nothing(string name) => RefusesAsync(AdapterErrorKind.Malformed, Malformed[name]);

    [Fact]
    public async Task A_state_beyond_the_limit_is_refused()
    {
        // 2 layers, 4095 rows, 160 channels of four bytes.
        await RefusesAsync(AdapterErrorKind.Unservable, ("state_too_large", () => SmallContainer.Convolution(container =>
        {
            (container.Config["bottleneck"], container.Config["kernel"]) = (160, 4096);
            foreach (var layer in new[] { 0, 1 })
            {
                var prefix = $"model.layers.{layer}.conv_adapter.";
                container.Add(prefix + "down.weight", 160, 8);
                container.Add(prefix + "down.bias", 160);
                container.Add(prefix + "conv.weight", 160, 1, 4096);
                container.Add(prefix + "conv.bias", 160);
                container.Add(prefix + "up.weight", 8, 160);
            }
        })));
    }

    private static bool Cleared(SmallContainer container)
    {
        container.Tensors.Clear();
        return true;
    }

    private static async Task RefusesAsync(AdapterErrorKind kind, (string Code, Func<SmallContainer> Make) expected)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var refused = await storage.RefusedAsync(expected.Make().Files());
        Assert.Equal((kind, expected.Code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(storage.Catalog.List("acme"));
    }
}

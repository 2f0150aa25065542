using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Prompts;

/// <summary>LLaMA-Adapter on the last layer of <see cref="Bases.Small"/>: hidden 8, two heads of 4, keys and values of 4.</summary>
public sealed class AdaptionPromptTests
{
    private const int Length = 3;
    private const string Layer1 = "model.layers.1.self_attn.";

    private static readonly Dictionary<string, (string Code, Action<SmallLora> Spoil)> Wrong = new(StringComparer.Ordinal)
    {
        ["no layer"] = ("option_range", adapter => adapter.Config["adapter_layers"] = 0),
        ["more layers than the base"] = ("option_range", adapter => adapter.Config["adapter_layers"] = 3),
        ["a layer that the file lacks"] = ("missing_tensors", adapter => adapter.Config["adapter_layers"] = 2),
        ["no prompt"] = ("missing_tensors", adapter => adapter.Remove(Layer1 + "adaption_prompt")),
        ["no gate"] = ("missing_tensors", adapter => adapter.Remove(Layer1 + "adaption_gate")),
        ["a layer too many"] = ("unknown_tensor", adapter => adapter.Add("model.layers.0.self_attn.adaption_gate", [1])),
        ["another tensor"] = ("unknown_tensor", adapter => adapter.Add("model.norm.weight", [8])),
        ["another length than the file"] = ("shape_mismatch", adapter => adapter.Config["adapter_len"] = 4),
        ["a length of billions"] = ("option_range", adapter => adapter.Config["adapter_len"] = int.MaxValue),
        ["a prompt of another width"] = ("shape_mismatch", adapter => adapter.Add(Layer1 + "adaption_prompt", [1, Length, 9])),
        ["a gate for each head"] = ("shape_mismatch", adapter => adapter.Add(Layer1 + "adaption_gate", [2])),
        ["other modules"] = ("module_kind", adapter => adapter.Config["target_modules"] = "attn"),
        ["an unknown option"] = ("unknown_option", adapter => adapter.Config["gate_scale"] = 2),
        ["whole numbers"] = ("dtype", adapter => adapter.DeclaredType = SafetensorsType.I32),
        ["NaN in the gate"] = ("not_finite", adapter => adapter.Tensors[SmallLora.Prefix + Layer1 + "adaption_gate"].Values[0] = float.NaN),
        ["a prompt whose keys overflow"] = ("not_finite", adapter => Array.Fill(adapter.Tensors[SmallLora.Prefix + Layer1 + "adaption_prompt"].Values, 3e38f)),
    };

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_and_values_are_the_bases_projections_of_the_prompt(bool hasBias)
    {
        var baseModel = WithHeads(MadeBaseWeights.Small(hasBias));
        var adapter = Make();
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        var put = await storage.PutAsync("small", adapter.Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small"), TestContext.Current.CancellationToken);

        var forms = lease.Weights.At(baseModel.FindSite(Layer1 + "o_proj")!.Index).ToArray();
        Assert.Equal(hasBias ? ["attention_prompt", "output_bias"] : ["attention_prompt"], put.Descriptor.Forms);
        Assert.Equal(("adaption_prompt", "exact", 1), (put.Descriptor.Kind, put.Descriptor.Exactness, put.Descriptor.Sites));
        Assert.Equal(hasBias ? 2 : 1, forms.Length);
        var prompt = Assert.IsType<AttentionPromptWeights>(forms[0]);
        Assert.Equal((2, 1, 4, Length), (prompt.Heads, prompt.KvHeads, prompt.HeadSize, prompt.Count));
        Assert.Equal(adapter.Tensors[SmallLora.Prefix + Layer1 + "adaption_gate"].Values[0], prompt.Gate);
    }

    /// <summary>With one key the softmax is 1 whatever the query.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_prompt_of_one_token_adds_its_gated_value(bool hasBias)
    {
        var baseModel = WithHeads(MadeBaseWeights.Small(hasBias));
        var adapter = Make();
        adapter.Config["adapter_len"] = 1;
        adapter.Add(Layer1 + "adaption_prompt", [1, 1, 8]);
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        await storage.PutAsync("small", adapter.Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small"), TestContext.Current.CancellationToken);
        var form = lease.Weights.At(baseModel.FindSite(Layer1 + "o_proj")!.Index)[0];

        var value = baseModel.FindSite(Layer1 + "v_proj")!;
        var (weight, bias) = (new float[4 * 8], new float[4]);
        baseModel.Weights!.Read(value, weight);
        baseModel.Weights.TryReadBias(value, bias);
        var prompt = adapter.Tensors[SmallLora.Prefix + Layer1 + "adaption_prompt"].Values;
        var gate = adapter.Tensors[SmallLora.Prefix + Layer1 + "adaption_gate"].Values[0];
        var expected = Enumerable.Range(0, 8).Select(i => gate * (bias[i % 4] + Enumerable.Range(0, 8).Sum(h => (double)weight[((i % 4) * 8) + h] * prompt[h])));
        foreach (var (want, got) in expected.Zip(FormRunner.Run(form, new float[8])))
        {
            Assert.Equal(want, got, Tolerances.SmallDelta);
        }
    }

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task A_wrong_folder_is_refused_with_its_own_code(string name)
    {
        var (code, spoil) = Wrong[name];
        var adapter = Make();
        spoil(adapter);
        await RefuseAsync(adapter, code, WithHeads(MadeBaseWeights.Small(hasBias: false)));
    }

    [Fact]
    public async Task Without_the_bases_weights_or_heads_it_is_refused()
    {
        await RefuseAsync(Make(), "base_weights", Bases.Small);
        await RefuseAsync(Make(), "module_kind", MadeBaseWeights.Small(hasBias: false), headSize: 0);
        await RefuseAsync(Make(), "module_kind", MadeBaseWeights.Small(hasBias: false), headSize: 3);
    }

    private static async Task RefuseAsync(SmallLora adapter, string code, BaseModel baseModel, int? headSize = null)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(headSize is { } size ? WithHeads(baseModel, size) : baseModel);
        var refused = await storage.RefusedAsync(adapter.Files());
        Assert.Equal((AdapterErrorKind.Unservable, code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(folder.AdapterFiles());
    }

    private static BaseModel WithHeads(BaseModel model, int size = 4) => new(model.Id, model.Fingerprint, model.Sites) { Weights = model.Weights, HeadSize = size };

    private static SmallLora Make()
    {
        var adapter = new SmallLora();
        adapter.Tensors.Clear();
        adapter.Config.Clear();
        adapter.Config["peft_type"] = "ADAPTION_PROMPT";
        adapter.Config["adapter_layers"] = 1;
        adapter.Config["adapter_len"] = Length;
        adapter.Config["target_modules"] = "self_attn";
        adapter.Add(Layer1 + "adaption_prompt", [1, Length, 8]);
        adapter.Add(Layer1 + "adaption_gate", [1], 2);
        return adapter;
    }
}

using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Prompts;

/// <summary>Kinds that put virtual tokens before the sequence, on <see cref="Bases.Small"/>: hidden 8, two layers of keys and values of 4.</summary>
public sealed class PromptKindTests
{
    private const int Count = 3;
    private const int KvWidth = 2 * 2 * 4;

    private static readonly Dictionary<string, (AdapterErrorKind Kind, string Code, Func<SmallLora> Make)> Wrong = new(StringComparer.Ordinal)
    {
        ["no number of tokens"] = (AdapterErrorKind.Malformed, "config_missing_key", () => Soft(config => config.Remove("num_virtual_tokens"))),
        ["a number of tokens that is text"] = (AdapterErrorKind.Malformed, "config_wrong_type", () => Soft(config => config["num_virtual_tokens"] = "3")),
        ["no token"] = (AdapterErrorKind.Unservable, "option_range", () => Soft(config => config["num_virtual_tokens"] = 0)),
        ["a billion tokens"] = (AdapterErrorKind.Unservable, "option_range", () => Soft(config => config["num_virtual_tokens"] = 1_000_000_000)),
        ["another number than the file"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Soft(config => config["num_virtual_tokens"] = 4)),
        ["embeddings of another model"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Soft(config => config["token_dim"] = 16)),
        ["embeddings of another width"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Make("PROMPT_TUNING", [Count, 9])),
        ["a list of lists"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Make("PROMPT_TUNING", [1, Count, 8])),
        ["an encoder-decoder"] = (AdapterErrorKind.Unservable, "option_range", () => Soft(config => config["num_transformer_submodules"] = 2)),
        ["whole modules"] = (AdapterErrorKind.Unservable, "modules_to_save", () => Soft(config => config["modules_to_save"] = new JsonArray("lm_head"))),
        ["an unknown option"] = (AdapterErrorKind.Unservable, "unknown_option", () => Soft(config => config["prompt_scale"] = 2)),
        ["an option of another kind"] = (AdapterErrorKind.Unservable, "unknown_option", () => Soft(config => config["num_frozen_tokens"] = 1)),
        ["no embeddings"] = (AdapterErrorKind.Unservable, "missing_tensors", () => With(Soft(), prompt => prompt.Tensors.Clear())),
        ["a tensor too many"] = (AdapterErrorKind.Unservable, "unknown_tensor", () => With(Soft(), prompt => prompt.Tensors["classifier.weight"] = ([1], [1]))),
        ["whole numbers"] = (AdapterErrorKind.Unservable, "dtype", () => With(Soft(), prompt => prompt.DeclaredType = SafetensorsType.I32)),
        ["NaN"] = (AdapterErrorKind.Unservable, "not_finite", () => With(Soft(), prompt => prompt.Tensors["prompt_embeddings"].Values[5] = float.NaN)),
        ["a prefix of more layers"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Prefix(config => config["num_layers"] = 3)),
        ["a prefix of wider keys"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Prefix(config => config["token_dim"] = 8)),
        ["a prefix of another width"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Make("CARTRIDGE", [Count, KvWidth + 1])),
        ["tasks without their number"] = (AdapterErrorKind.Malformed, "config_missing_key", () => Tasks(config => config.Remove("num_tasks"))),
        ["more tasks than the file has"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Tasks(config => config["num_tasks"] = 3)),
        ["no task at all"] = (AdapterErrorKind.Unservable, "option_range", () => Tasks(config => config["num_tasks"] = 0)),
        ["another rank of the tasks"] = (AdapterErrorKind.Unservable, "shape_mismatch", () => Tasks(config => config["num_ranks"] = 1)),
        ["tasks that overflow"] = (AdapterErrorKind.Unservable, "not_finite", () => With(Tasks(), prompt => Array.Fill(prompt.Tensors["prefix_task_cols"].Values, 3e38f))),
    };

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    public static TheoryData<string, VirtualTokenKind, string> Kinds => new()
    {
        { "PROMPT_TUNING", VirtualTokenKind.SoftPrompt, "soft_prompt" },
        { "P_TUNING", VirtualTokenKind.SoftPrompt, "soft_prompt" },
        { "CPT", VirtualTokenKind.SoftPrompt, "soft_prompt" },
        { "PREFIX_TUNING", VirtualTokenKind.Prefix, "prefix" },
        { "CARTRIDGE", VirtualTokenKind.Prefix, "prefix" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_is_lowered_to_the_rows_of_its_file(string type, VirtualTokenKind kind, string form)
    {
        var adapter = Make(type, [Count, kind == VirtualTokenKind.SoftPrompt ? 8 : KvWidth]);
        await CheckAsync(adapter, type, kind, form, adapter.Tensors["prompt_embeddings"].Values);
    }

    [Fact]
    public async Task Each_task_has_its_own_product()
    {
        for (var task = 0; task < 2; task++)
        {
            var adapter = Tasks();
            var (shared, columns, rows) = (adapter.Tensors["prompt_embeddings"].Values, adapter.Tensors["prefix_task_cols"].Values, adapter.Tensors["prefix_task_rows"].Values);
            var expected = new float[Count * 8];
            for (var i = 0; i < expected.Length; i++)
            {
                var own = Enumerable.Range(0, 2).Sum(r => (double)columns[(((task * Count) + (i / 8)) * 2) + r] * rows[(((task * 2) + r) * 8) + (i % 8)]);
                expected[i] = (float)(shared[i] * own);
            }

            await CheckAsync(adapter, "MULTITASK_PROMPT_TUNING", VirtualTokenKind.SoftPrompt, "soft_prompt", expected, "#" + task);
        }
    }

    [Fact]
    public async Task A_half_precision_file_is_read_exactly()
    {
        var adapter = Prefix();
        adapter.Type = SafetensorsType.F16;
        await CheckAsync(adapter, "PREFIX_TUNING", VirtualTokenKind.Prefix, "prefix", adapter.Tensors["prompt_embeddings"].Values);
    }

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task A_wrong_folder_is_refused_with_its_own_code(string name)
    {
        var (kind, code, make) = Wrong[name];
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var refused = await storage.RefusedAsync(make().Files());
        Assert.Equal((kind, code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(folder.AdapterFiles());
    }

    private static async Task CheckAsync(SmallLora adapter, string type, VirtualTokenKind kind, string form, float[] expected, string task = "")
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var put = await storage.PutAsync("small", adapter.Files());
        Assert.Equal((type.ToLowerInvariant(), form, 0), (put.Descriptor.Kind, Assert.Single(put.Descriptor.Forms), put.Descriptor.Sites));
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small" + task), TestContext.Current.CancellationToken);
        var tokens = lease.Weights.VirtualTokens!;
        Assert.Equal((kind, Count), (tokens.Kind, tokens.Count));
        Assert.Equal(expected, Enumerable.Range(0, Count).SelectMany(token => tokens.Row(token).ToArray()));
        Assert.InRange(lease.Weights.Bytes, expected.Length * sizeof(float), put.Descriptor.WeightBytes);
    }

    private static SmallLora Soft(Action<JsonObject>? change = null) => Make("PROMPT_TUNING", [Count, 8], change);

    private static SmallLora Prefix(Action<JsonObject>? change = null) => Make("PREFIX_TUNING", [Count, KvWidth], change);

    private static SmallLora Tasks(Action<JsonObject>? change = null) => With(
        Make("MULTITASK_PROMPT_TUNING", [Count, 8], config =>
        {
            config["num_tasks"] = 2;
            config["num_ranks"] = 2;
            change?.Invoke(config);
        }),
        prompt =>
        {
            Add(prompt, "prefix_task_cols", [2, Count, 2]);
            Add(prompt, "prefix_task_rows", [2, 2, 8]);
        });

    private static SmallLora Make(string type, long[] shape, Action<JsonObject>? change = null)
    {
        var prompt = new SmallLora();
        prompt.Tensors.Clear();
        prompt.Config.Clear();
        prompt.Config["peft_type"] = type;
        prompt.Config["task_type"] = "CAUSAL_LM";
        prompt.Config["num_virtual_tokens"] = Count;
        prompt.Config["num_transformer_submodules"] = 1;
        Add(prompt, "prompt_embeddings", shape);
        change?.Invoke(prompt.Config);
        return prompt;
    }

    private static SmallLora With(SmallLora prompt, Action<SmallLora> change)
    {
        change(prompt);
        return prompt;
    }

    private static void Add(SmallLora prompt, string name, long[] shape)
    {
        prompt.Add(name, shape, name.Length);
        prompt.Tensors[name] = prompt.Tensors[SmallLora.Prefix + name];
        prompt.Remove(name);
    }
}

using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft;

/// <summary>Trainable tokens without another method: the golden says what they compute, these tests what is refused and what is held.</summary>
public sealed class TrainableTokensTests
{
    private const string Rows = "model.embed_tokens.trainable_tokens_delta";

    private static readonly Dictionary<string, (string Code, Action<SmallLora> Spoil)> Wrong = new(StringComparer.Ordinal)
    {
        ["no ids"] = ("token_index", adapter => adapter.Config.Remove("token_indices")),
        ["an id behind the vocabulary of a base with a head of its own"] = ("vocabulary", adapter => adapter.Config["token_indices"] = new JsonArray(3, 16)),
        ["an id twice"] = ("token_index", adapter => adapter.Config["token_indices"] = new JsonArray(3, 3)),
        ["fewer rows than ids"] = ("shape_mismatch", adapter => adapter.Add(Rows, [1, 8])),
        ["rows of another width"] = ("shape_mismatch", adapter => adapter.Add(Rows, [2, 7])),
        ["NaN"] = ("not_finite", adapter => adapter.Tensors[SmallLora.Prefix + Rows].Values[3] = float.NaN),
        ["a linear layer as the target"] = ("trainable_tokens", adapter => adapter.Config["target_modules"] = new JsonArray("q_proj")),
        ["a target that the base lacks"] = ("no_modules", adapter => adapter.Config["target_modules"] = new JsonArray("wte")),
        ["a target without rows"] = ("missing_modules", adapter => adapter.Config["target_modules"] = new JsonArray("embed_tokens", "lm_head")),
        ["another tensor"] = ("unknown_tensor", adapter => adapter.Add("lm_head.trainable_tokens_delta", [2, 8])),
        ["an unknown option"] = ("unknown_option", adapter => adapter.Config["novelty"] = 1),
        ["integers"] = ("dtype", adapter => adapter.DeclaredType = AdapterStore.Formats.Safetensors.SafetensorsType.I32),
    };

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task Wrong_rows_are_refused_with_their_own_code(string name)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: false));
        var adapter = Make();
        Wrong[name].Spoil(adapter);
        var refused = await storage.RefusedAsync(adapter.Files());
        Assert.Equal((AdapterErrorKind.Unservable, Wrong[name].Code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_rows_given_are_held()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var put = await storage.PutAsync("tokens", Make().Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "tokens"), TestContext.Current.CancellationToken);
        Assert.Equal(("trainable_tokens", "embedding_rows"), (put.Descriptor.Kind, string.Join(',', put.Descriptor.Forms)));
        Assert.Equal(2, Assert.IsType<ReplacedRows>(lease.Weights.At(0)[0]).Count);
    }

    private static SmallLora Make()
    {
        var adapter = new SmallLora();
        adapter.Tensors.Clear();
        foreach (var key in adapter.Config.Select(entry => entry.Key).Where(key => key != "task_type").ToList())
        {
            adapter.Config.Remove(key);
        }

        adapter.Config["peft_type"] = "TRAINABLE_TOKENS";
        adapter.Config["token_indices"] = new JsonArray(9, 3);
        adapter.Config["init_weights"] = true;
        adapter.Add(Rows, [2, 8]);
        return adapter;
    }
}

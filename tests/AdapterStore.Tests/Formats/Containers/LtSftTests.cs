using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

/// <summary>Sparse fine-tuning of the parameters that the goldens' base lacks, and every way in which its file can be wrong.</summary>
public sealed class LtSftTests
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";

    private static readonly Dictionary<string, (AdapterErrorKind Kind, string Code, byte[] Root)> Wrong = new(StringComparer.Ordinal)
    {
        ["no dictionary"] = (AdapterErrorKind.Malformed, "pickle_type", TorchBytes.Int(5)),
        ["another key"] = (AdapterErrorKind.Malformed, "lt_sft", TorchBytes.Dict("theta", "}"u8.ToArray())),
        ["nothing"] = (AdapterErrorKind.Unservable, "no_modules", "}"u8.ToArray()),
        ["an empty difference"] = (AdapterErrorKind.Unservable, "no_modules", LtSftBytes.Diff(Q0 + ".weight", [8, 8], [])),
        ["a difference that is a number"] = (AdapterErrorKind.Malformed, "pickle_type", TorchBytes.Dict("diffs", TorchBytes.Dict(Q0 + ".weight", TorchBytes.Int(1)))),
        ["no size"] = (AdapterErrorKind.Malformed, "lt_sft", TorchBytes.Dict("diffs", TorchBytes.Dict(Q0 + ".weight", "}"u8.ToArray()))),
        ["a parameter that the base lacks"] = (AdapterErrorKind.Unservable, "unknown_module", LtSftBytes.Diff("model.layers.7.mlp.up_proj.weight", [12, 8], [1])),
        ["neither weight nor bias"] = (AdapterErrorKind.Unservable, "unknown_module", LtSftBytes.Diff(Q0, [8, 8], [1])),
        ["the bias of a norm"] = (AdapterErrorKind.Unservable, "unknown_module", LtSftBytes.Diff("model.norm.bias", [8], [1])),
        ["another shape"] = (AdapterErrorKind.Unservable, "shape_mismatch", LtSftBytes.Diff(Q0 + ".weight", [8, 9], [1])),
        ["a vector for a matrix"] = (AdapterErrorKind.Unservable, "shape_mismatch", LtSftBytes.Diff(Q0 + ".weight", [64], [1])),
        ["a place beyond the end"] = (AdapterErrorKind.Unservable, "index_range", LtSftBytes.Diff(Q0 + ".weight", [8, 8], [60, 4])),
        ["a first place beyond the end"] = (AdapterErrorKind.Unservable, "index_range", LtSftBytes.Diff(Q0 + ".weight", [8, 8], [64])),
        ["a place below zero"] = (AdapterErrorKind.Unservable, "index_range", LtSftBytes.Diff(Q0 + ".weight", [8, 8], [-1])),
        ["a place twice"] = (AdapterErrorKind.Unservable, "index_range", LtSftBytes.Diff(Q0 + ".weight", [8, 8], [3, 0])),
        ["steps that go back"] = (AdapterErrorKind.Unservable, "index_range", LtSftBytes.Diff(Q0 + ".weight", [8, 8], [3, -2])),
        ["a step that is text"] = (AdapterErrorKind.Malformed, "pickle_type", LtSftBytes.Diff(Q0 + ".weight", [8, 8], TorchBytes.Join("](", TorchBytes.Text("1"), "e"), 1)),
        ["fewer values than steps"] = (AdapterErrorKind.Malformed, "lt_sft", LtSftBytes.Diff(Q0 + ".weight", [8, 8], LtSftBytes.Steps(1, 2), 1)),
        ["a whole value of another shape"] = (AdapterErrorKind.Unservable, "shape_mismatch", LtSftBytes.Whole(Q0 + ".weight", 8, 7)),
        ["a whole value that is no tensor"] = (AdapterErrorKind.Malformed, "pickle_type", TorchBytes.Dict("abs", TorchBytes.Dict(Q0 + ".weight", TorchBytes.Int(1)))),
        ["a whole embedding of a larger vocabulary"] = (AdapterErrorKind.Unservable, "vocabulary", LtSftBytes.Whole("model.embed_tokens.weight", 17, 8)),
    };

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task A_wrong_file_is_refused_with_its_own_code(string name)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: true));
        var refused = await storage.RefusedAsync(LtSftBytes.Files(Wrong[name].Root));
        Assert.Equal((Wrong[name].Kind, Wrong[name].Code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tied_heads_own_name_is_refused()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Tied());
        var refused = await storage.RefusedAsync(LtSftBytes.Files(LtSftBytes.Diff("lm_head.weight", [16, 8], [1])));
        Assert.Equal((AdapterErrorKind.Unservable, "weight_tying"), (refused.Kind, refused.Code));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_difference_of_a_matrix_is_added_column_by_column_with_or_without_a_configuration(bool configured)
    {
        // Places 3 and 3 + 9 of [8, 8]: row 3 of column 0, row 4 of column 1.
        var files = LtSftBytes.Files(LtSftBytes.Diff(Q0 + ".weight", [8, 8], [3, 9]));
        if (configured)
        {
            files["adapter_config.json"] = """{"adapter_type":"lt-sft","k":2}"""u8.ToArray();
        }

        await CheckAsync(MadeBaseWeights.Small(hasBias: true), files, Q0, [1, 10, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1 * LtSftBytes.Value(0), 10 * LtSftBytes.Value(1), 0, 0, 0]);
    }

    [Fact]
    public async Task A_difference_of_a_bias_is_added() =>
        await CheckAsync(MadeBaseWeights.Small(hasBias: true), LtSftBytes.Files(LtSftBytes.Diff(Q0 + ".bias", [8], [2, 5])), Q0, new float[8], [0, 0, LtSftBytes.Value(0), 0, 0, 0, 0, LtSftBytes.Value(1)]);

    [Fact]
    public async Task A_difference_of_a_norm_is_added_times_the_normed_input()
    {
        var (baseModel, x) = (MadeBaseWeights.Small(hasBias: false), new float[] { 3, 1, 0, 0, 0, 0, 0, 0 });
        var root = (float)Math.Sqrt((10 / 8.0) + baseModel.Weights!.NormEpsilon);
        await CheckAsync(baseModel, LtSftBytes.Files(LtSftBytes.Diff("model.norm.weight", [8], [0, 1])), "model.norm", x, [3 * LtSftBytes.Value(0) / root, LtSftBytes.Value(1) / root, 0, 0, 0, 0, 0, 0]);
    }

    [Fact]
    public async Task A_tied_embedding_changes_the_head_as_well()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Tied());
        await storage.PutAsync("sft", LtSftBytes.Files(LtSftBytes.Diff("model.embed_tokens.weight", [16, 8], [5, 16])));
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "sft"), TestContext.Current.CancellationToken);
        Assert.Equal(2, Assert.IsType<SparseRows>(lease.Weights.At(0)[0]).Count);
        var y = FormRunner.Run(lease.Weights.At(Bases.Small.FindSite("lm_head")!.Index)[0], [1, 10, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(LtSftBytes.Value(0) + (10 * LtSftBytes.Value(1)), y[5]);
    }

    [Fact]
    public async Task A_whole_matrix_keeps_the_bases_bias()
    {
        var baseModel = MadeBaseWeights.Small(hasBias: true);
        var site = baseModel.FindSite(Q0)!;
        var expected = new float[8];
        baseModel.Weights!.TryReadBias(site, expected);
        for (var i = 0; i < 8; i++)
        {
            expected[i] += LtSftBytes.Value(8 * i);
        }

        await CheckAsync(baseModel, LtSftBytes.Files(LtSftBytes.Whole(Q0 + ".weight", 8, 8)), Q0, [1, 0, 0, 0, 0, 0, 0, 0], expected);
    }

    private static async Task CheckAsync(BaseModel baseModel, Dictionary<string, byte[]> files, string path, float[] x, float[] expected)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        await storage.PutAsync("sft", files);
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "sft"), TestContext.Current.CancellationToken);
        var y = new float[expected.Length];
        foreach (var form in Forms(lease, baseModel.FindSite(path)!))
        {
            FormRunner.Apply(form, x, y);
        }

        for (var i = 0; i < y.Length; i++)
        {
            Assert.InRange(y[i], expected[i] - (Tolerances.LowRankRelative * Math.Abs(expected[i])), expected[i] + (Tolerances.LowRankRelative * Math.Abs(expected[i])));
        }
    }

    private static FormWeights[] Forms(AdapterLease lease, Site site) => lease.Weights.At(site.Index).ToArray();

    private static BaseModel Tied() => new(Bases.Small.Id, Bases.Fingerprint, Bases.Small.Sites) { Weights = new MadeBaseWeights(hasBias: false), HasTiedEmbeddings = true };
}

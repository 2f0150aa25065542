using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Formats.Peft.Methods.SmallMethod;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

/// <summary>Each method's defining formula, entry by entry, on weights that are small enough to write it down; both forms where a method has two.</summary>
public sealed class ScalarMethodTests
{
    [Theory]
    [InlineData(1, "low_rank")]
    [InlineData(3, "dense")]
    public async Task LoHa_is_a_product_of_two_products_entry_by_entry(int rank, string form)
    {
        var adapter = Make("LOHA", new() { ["r"] = rank, ["alpha"] = 0.5 }, [("hada_w1_a", [8, rank]), ("hada_w1_b", [rank, 8]), ("hada_w2_a", [8, rank]), ("hada_w2_b", [rank, 8])]);
        var (delta, name) = await DeltaAsync(adapter);
        Assert.Equal(form, name);
        AssertDelta(delta, (row, column) => 0.5 / rank
            * Product(adapter.Values("hada_w1_a"), adapter.Values("hada_w1_b"), rank, 8, row, column)
            * Product(adapter.Values("hada_w2_a"), adapter.Values("hada_w2_b"), rank, 8, row, column));
    }

    [Theory]
    [InlineData(2, "low_rank")]
    [InlineData(4, "dense")]
    public async Task LoKr_is_a_Kronecker_product(int size, string form)
    {
        var inner = 8 / size;
        var adapter = Make("LOKR", new() { ["r"] = 1, ["alpha"] = 2 }, size == 2
            ? [("lokr_w1", [2, 2]), ("lokr_w2_a", [4, 1]), ("lokr_w2_b", [1, 4])]
            : [("lokr_w1", [4, 4]), ("lokr_w2", [2, 2])]);
        var (delta, name) = await DeltaAsync(adapter);
        Assert.Equal(form, name);
        AssertDelta(delta, (row, column) => 2.0 * adapter.Values("lokr_w1")[(row / inner * size) + (column / inner)] * (size == 2
            ? adapter.Values("lokr_w2_a")[row % 4] * adapter.Values("lokr_w2_b")[column % 4]
            : adapter.Values("lokr_w2")[(row % 2 * 2) + (column % 2)]));
    }

    [Theory]
    [InlineData(3, null, 8)]
    [InlineData(2, "mini", 4)]
    public async Task MiSS_sums_inputs_of_one_remainder(int rank, string? start, int columns)
    {
        var adapter = Make("MISS", new() { ["r"] = rank, ["init_weights"] = start, ["mini_r"] = columns }, [("miss_block", [rank, columns])]);
        var (delta, _) = await DeltaAsync(adapter);
        AssertDelta(delta, (row, column) => adapter.Values("miss_block")[(column % rank * columns) + (row % columns)]);
    }

    [Fact]
    public async Task GraLoRA_is_a_LoRA_in_each_block_beside_one_over_all()
    {
        var adapter = Make("GRALORA", new() { ["r"] = 2, ["hybrid_r"] = 1, ["alpha"] = 1.5, ["gralora_k"] = 2 }, [
            ("gralora_A", [2, 4, 2]), ("gralora_B", [2, 2, 4]), ("gralora_A_general.weight", [1, 8]), ("gralora_B_general.weight", [8, 1])]);
        var (delta, _) = await DeltaAsync(adapter);
        AssertDelta(delta, (row, column) => 0.5 * (
            (adapter.Values("gralora_A")[(column * 2) + (row / 4)] * adapter.Values("gralora_B")[(((row / 4 * 2) + (column / 4)) * 4) + (row % 4)])
            + (adapter.Values("gralora_A_general.weight")[column] * adapter.Values("gralora_B_general.weight")[row])));
    }

    [Fact]
    public async Task C3A_is_circulant_in_each_block()
    {
        var adapter = Make("C3A", new() { ["block_size"] = 4 }, [("c3a_kernel", [2, 2, 4])]);
        var (delta, form) = await DeltaAsync(adapter);
        Assert.Equal("dense", form);
        AssertDelta(delta, (row, column) => adapter.Values("c3a_kernel")[(((row / 4 * 2) + (column / 4)) * 4) + ((column - row + 8) % 4)] / 8.0);
    }

    [Fact]
    public async Task VeRA_takes_the_first_rows_and_columns_of_what_all_modules_share()
    {
        var adapter = Make("VERA", new() { ["r"] = 2, ["save_projection"] = true }, [("vera_lambda_b", [8]), ("vera_lambda_d", [2])], ("vera_A", [2, 12]), ("vera_B", [16, 2]));
        var (delta, _) = await DeltaAsync(adapter);
        AssertDelta(delta, (row, column) => adapter.Values("vera_lambda_b")[row] * Enumerable.Range(0, 2).Sum(
            k => (double)adapter.SharedValues("vera_B")[(row * 2) + k] * adapter.Values("vera_lambda_d")[k] * adapter.SharedValues("vera_A")[(k * 12) + column]));
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public async Task WaveFT_spreads_each_coefficient_over_two_by_two_values(int size, bool inverse)
    {
        var baseModel = Bases.Llama("odd", Bases.Fingerprint, layers: 2, hidden: size, keys: 4, inner: 12, vocabulary: 16);
        var adapter = Make("WAVEFT", new() { ["n_frequency"] = 11, ["scaling"] = 2.0, ["random_loc_seed"] = 5, ["use_idwt"] = inverse, ["wavelet_family"] = "db1" }, [("waveft_spectrum", [11])]);
        var (delta, _) = await DeltaAsync(adapter, baseModel);
        var places = new TorchRandom(5).Permutation(size * size, 11);
        var half = (size + 1) / 2;
        double Coefficient(int row, int column) =>
            row < size && column < size && Array.IndexOf(places, (row * size) + column) is var at and >= 0 ? adapter.Values("waveft_spectrum")[at] : 0;

        AssertDelta(delta, (row, column) => 2.0 * (inverse
            ? 0.5 * (Coefficient(row / 2, column / 2)
                + (Sign(row) * Coefficient(row / 2, half + (column / 2)))
                + (Sign(column) * Coefficient(half + (row / 2), column / 2))
                + (Sign(row) * Sign(column) * Coefficient(half + (row / 2), half + (column / 2))))
            : Coefficient(row, column)));

        static int Sign(int at) => at % 2 == 0 ? 1 : -1;
    }

    [Fact]
    public async Task HiRA_scales_the_bases_weight_entry_by_entry()
    {
        var weights = new CountingWeights();
        var adapter = Make("HIRA", new() { ["r"] = 1 }, [("hira_A", [1, 8]), ("hira_B", [8, 1])]);
        var (delta, _) = await DeltaAsync(adapter, new BaseModel("base", Bases.Fingerprint, Bases.Small.Sites) { Weights = weights });
        AssertDelta(delta, (row, column) => CountingWeights.At((row * 8) + column) * adapter.Values("hira_A")[column] * adapter.Values("hira_B")[row]);
    }

    private sealed class CountingWeights : IBaseWeights
    {
        public static float At(int place) => (place % 7) - 3;

        public float NormEpsilon => 0;

        public NormKind NormKind => NormKind.Rms;

        public bool TryReadBias(Site site, Span<float> destination) => false;

        public void ReadRows(Site site, int firstRow, Span<float> destination) => throw new NotSupportedException();

        public void Read(Site site, Span<float> destination)
        {
            for (var i = 0; i < destination.Length; i++)
            {
                destination[i] = At(i);
            }
        }
    }
}

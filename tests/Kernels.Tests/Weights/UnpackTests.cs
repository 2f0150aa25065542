using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Weights;

public sealed class UnpackTests
{
    public static TheoryData<int, int, int> Sizes => new() { { 1, 1, 1 }, { 3, 20, 70 }, { 16, 64, 128 }, { 19, 37, 85 }, { 65, 257, 63 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Low_rank_factors_come_back_as_they_were_packed(int rank, int inFeatures, int outFeatures)
    {
        using var arena = new WeightArena();
        var (a, b) = (RandomData.Floats(1, rank * inFeatures), RandomData.Floats(2, outFeatures * rank));
        var wide = LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, a, b, 2, WeightType.F32);
        Assert.Equal(a, wide.UnpackA());
        Assert.Equal(b, wide.UnpackB());

        var (narrowA, narrowB) = (RandomData.ToBF16(a), RandomData.ToBF16(b));
        var narrow = LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, narrowA, narrowB, 2, WeightType.BF16);
        Assert.Equal(Array.ConvertAll(narrowA, BF16.ToSingle), narrow.UnpackA());
        Assert.Equal(Array.ConvertAll(narrowB, BF16.ToSingle), narrow.UnpackB());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_dense_matrix_comes_back_as_it_was_packed(int seed, int inFeatures, int outFeatures)
    {
        using var arena = new WeightArena();
        var w = RandomData.Floats(seed, outFeatures * inFeatures);
        Assert.Equal(w, DenseWeights.Pack(arena, inFeatures, outFeatures, w, DenseMode.Add, WeightType.F32).Unpack());
        var narrow = RandomData.ToBF16(w);
        Assert.Equal(Array.ConvertAll(narrow, BF16.ToSingle), DenseWeights.Pack(arena, inFeatures, outFeatures, narrow, DenseMode.Add, WeightType.BF16).Unpack());
    }

    [Theory]
    [InlineData(7, WeightType.F32)]
    [InlineData(7, WeightType.BF16)]
    [InlineData((1 << 16) + 5, WeightType.F32)]
    public void Sparse_elements_come_back_by_row_in_their_order(int inFeatures, WeightType type)
    {
        using var arena = new WeightArena();
        int[] rows = [2, 0, 2, 2, 4];
        int[] columns = [inFeatures - 1, 3, 0, inFeatures - 1, 6];
        var weights = SparseWeights.Pack(arena, inFeatures, 5, rows, columns, [1, 2, 3, 4, 5], type);
        var back = weights.Unpack();
        Assert.Equal([0, 2, 2, 2, 4], back.Rows);
        Assert.Equal([3, inFeatures - 1, 0, inFeatures - 1, 6], back.Columns);
        Assert.Equal([2f, 1, 3, 4, 5], back.Values);
    }

    [Theory]
    [InlineData(WeightType.F32)]
    [InlineData(WeightType.BF16)]
    public void Sparse_elements_of_rows_of_any_lengths_come_back_by_row_in_their_order_and_in_half_as_much_memory_again_at_most(WeightType type)
    {
        using var arena = new WeightArena();
        var elements = UnevenRows.Of(700);
        var weights = SparseWeights.Pack(arena, 700, 330, elements.Rows, elements.Columns, elements.Values, type);
        int[] byRow = [.. Enumerable.Range(0, elements.Rows.Length).OrderBy(i => elements.Rows[i])];
        var back = weights.Unpack();
        Assert.Equal(byRow.Select(i => elements.Rows[i]), back.Rows);
        Assert.Equal(byRow.Select(i => elements.Columns[i]), back.Columns);
        Assert.Equal(byRow.Select(i => elements.Values[i]), back.Values);
        Assert.Equal(elements.Rows.Length, weights.Count);
        Assert.Equal(arena.Bytes, weights.Bytes);

        // Beside the elements a slice, its fills and tails for eight outputs take 24 + 8 + 36 bytes, and eight elements.
        var element = type == WeightType.F32 ? 6 : 4;
        Assert.InRange(weights.Bytes, elements.Rows.Length * element, (elements.Rows.Length * element * 3 / 2) + (48 * (68 + (8 * element))) + (7 * 64));
    }

    [Fact]
    public void Vectors_come_back_as_they_were_packed()
    {
        using var arena = new WeightArena();
        var values = RandomData.Floats(3, 21);
        Assert.Equal(values, VectorWeights.Pack(arena, FormKind.OutputScale, 5, 21, values).Unpack());
        Assert.Equal(values, VectorWeights.Pack(arena, FormKind.InputScale, 21, 5, values).Unpack());
        Assert.Equal(values, RmsNormWeights.Pack(arena, 1e-5f, values).Unpack());
    }
}

using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Formats.Peft.Methods.SmallMethod;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

/// <summary>Methods that are defined relative to the base's weights, and sparse ones, by their formulas.</summary>
public sealed class BaseRelativeMethodTests
{
    private const int Width = 8;
    private static readonly Site s_site = Bases.Small.FindSite(Q0)!;

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public async Task Super_Tuning_adds_values_at_flat_places_and_a_LoRA_beside_them(int? rank)
    {
        (string, long[])[] parts = [("supertuning_indices", [3]), ("supertuning_values", [3])];
        var adapter = Make(
            "SUPERTUNING", new() { ["sparsity"] = 0.98, ["r"] = rank }, rank is null ? parts : [.. parts, ("supertuning_lora_A.weight", [1, 8]), ("supertuning_lora_B.weight", [8, 1])]);
        adapter.Integers.Add("supertuning_indices");
        foreach (var tensor in adapter.Tensors.Where(tensor => tensor.Key.EndsWith("supertuning_indices", StringComparison.Ordinal)))
        {
            new float[] { 63, 10, 10 }.CopyTo(tensor.Value.Values, 0);
        }

        var delta = await DeltaOfAsync(adapter, Bases.Small);
        var values = adapter.Values("supertuning_values");
        AssertDelta(delta, (row, column) => ((row * Width) + column) switch { 63 => values[0], 10 => (double)values[1] + values[2], _ => 0 }
            + (rank is null ? 0 : 2.0 * adapter.Values("supertuning_lora_A.weight")[column] * adapter.Values("supertuning_lora_B.weight")[row]));
    }

    [Theory]
    [InlineData("lora", "lora", "vector", true)]
    [InlineData("vector", "vector", "constant", true)]
    [InlineData("constant", "none", "none", true)]
    [InlineData("none", "lora", "constant", false)]
    [InlineData("lora", "lora", "constant", false)]
    public async Task GLoRA_scales_and_shifts_the_bases_weight_and_its_bias(string matrices, string column, string vectors, bool hasBias)
    {
        (string Part, long[] Shape)[] Term(char name, string path, long rows, long[] vector) => path switch
        {
            "lora" => [($"glora_{name}.Xd", [rows, 2]), ($"glora_{name}.Xu", [2, name == 'C' ? 1 : 8])],
            "vector" => [($"glora_{name}.X", vector)],
            "constant" => [($"glora_{name}.X", [1])],
            _ => [($"glora_{name}.zeros", name is 'A' or 'B' ? [8, 8] : vector)],
        };
        var (c, d) = (hasBias ? column : "none", hasBias ? vectors : "none");
        var adapter = Make("GLORA", new() { ["r"] = 2, ["config_A_B"] = matrices, ["config_C"] = column, ["config_D_E"] = vectors }, [
            .. Term('A', matrices, 8, [8, 1]), .. Term('B', matrices, 8, [8, 1]), .. Term('C', c, 8, [8, 1]), .. Term('D', d, 8, [8]), .. Term('E', d, 8, [8])]);
        var baseModel = MadeBaseWeights.Small(hasBias);
        var (weight, bias) = (WeightOf(baseModel), new float[Width]);
        baseModel.Weights!.TryReadBias(s_site, bias);
        double Value(char name, string path, int row, int at) => path switch
        {
            "lora" => Product(adapter.Values($"glora_{name}.Xd"), adapter.Values($"glora_{name}.Xu"), 2, name == 'C' ? 1 : 8, row, at),
            "vector" => adapter.Values($"glora_{name}.X")[row],
            "constant" => adapter.Values($"glora_{name}.X")[0],
            _ => adapter.Values($"glora_{name}.zeros")[name is 'A' or 'B' ? (row * Width) + at : row],
        };

        var delta = await DeltaOfAsync(adapter, baseModel);
        AssertDelta(delta, (row, at) => (weight[(row * Width) + at] * Value('A', matrices, row, at)) + Value('B', matrices, row, at) + (!hasBias ? 0
            : (bias[row] * Value('D', d, row, 0)) + Value('E', d, row, 0) + Enumerable.Range(0, Width).Sum(h => weight[(row * Width) + h] * Value('C', c, h, 0))));
    }

    [Fact]
    public async Task PEANuT_runs_the_bases_weight_through_a_network()
    {
        var adapter = Make("PEANUT", new() { ["r"] = 2, ["depth"] = 1, ["act_fn"] = "tanh", ["scaling"] = 0.5 }, [
            ("peanut_A.weight", [2, 8]), ("peanut_B.weight", [8, 2]), ("peanut_encoders.0.weight", [2, 2]), ("peanut_decoders.0.weight", [2, 2])]);
        var baseModel = MadeBaseWeights.Small(hasBias: false);
        var weight = WeightOf(baseModel);
        double[] Layer(string part, double[] input) => [.. Enumerable.Range(0, 2).Select(r => Math.Tanh(input.Select((value, k) => value * adapter.Values(part)[(r * input.Length) + k]).Sum()))];
        var delta = await DeltaOfAsync(adapter, baseModel);
        AssertDelta(delta, (row, column) =>
        {
            var first = Layer("peanut_A.weight", [.. Enumerable.Range(0, Width).Select(o => (double)weight[(o * Width) + column])]);
            var last = Layer("peanut_decoders.0.weight", Layer("peanut_encoders.0.weight", first));
            return 0.5 * Enumerable.Range(0, 2).Sum(r => (last[r] + first[r]) * adapter.Values("peanut_B.weight")[(row * 2) + r]);
        });
    }

    [Fact]
    public async Task FRoD_gives_the_bases_directions_other_lengths_and_mixes_them()
    {
        var adapter = Make("FROD", new() { ["save_projection"] = true }, [("frod_lambda_l", [8]), ("frod_lambda_s_values", [2])],
            ("frod_V.self_attn_q_proj", [8, 8]), ("frod_s_indices.self_attn_q_proj", [2, 2]), ("frod_s_size.self_attn_q_proj", [2]));
        adapter.Integers.UnionWith(["frod_s_indices.self_attn_q_proj", "frod_s_size.self_attn_q_proj"]);
        new float[] { 1, 7, 2, 0 }.CopyTo(adapter.SharedValues("frod_s_indices.self_attn_q_proj"), 0);
        new float[] { 8, 8 }.CopyTo(adapter.SharedValues("frod_s_size.self_attn_q_proj"), 0);
        var v = adapter.SharedValues("frod_V.self_attn_q_proj");
        var lengths = Enumerable.Range(0, Width).Select(i => i % 2 == 0 ? 2f : -0.5f).ToArray();
        for (var i = 0; i < v.Length; i++)
        {
            v[i] = i / Width == i % Width ? lengths[i % Width] : 0;
        }

        var baseModel = MadeBaseWeights.Small(hasBias: false);
        var weight = WeightOf(baseModel);
        double U(int row, int column) => Math.Sign(lengths[column]) * weight[(row * Width) + column]
            / Math.Sqrt(Enumerable.Range(0, Width).Sum(o => (double)weight[(o * Width) + column] * weight[(o * Width) + column]));
        var (diagonal, values) = (adapter.Values("frod_lambda_l"), adapter.Values("frod_lambda_s_values"));
        var delta = await DeltaOfAsync(adapter, baseModel);
        AssertDelta(delta, (row, column) => (lengths[column] * ((U(row, column) * diagonal[column])
            + (column == 2 ? U(row, 1) * values[0] : 0) + (column == 0 ? U(row, 7) * values[1] : 0))) - weight[(row * Width) + column]);
    }

    [Fact]
    public async Task FRoD_without_an_inverse_is_refused()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: false));
        var adapter = Make("FROD", new() { ["save_projection"] = true }, [("frod_lambda_l", [8]), ("frod_lambda_s_values", [1])],
            ("frod_V.self_attn_q_proj", [8, 8]), ("frod_s_indices.self_attn_q_proj", [2, 1]), ("frod_s_size.self_attn_q_proj", [2]));
        adapter.Integers.UnionWith(["frod_s_indices.self_attn_q_proj", "frod_s_size.self_attn_q_proj"]);
        adapter.SharedValues("frod_s_indices.self_attn_q_proj").AsSpan().Clear();
        adapter.SharedValues("frod_s_size.self_attn_q_proj").AsSpan().Fill(8);
        adapter.SharedValues("frod_V.self_attn_q_proj").AsSpan().Clear();
        Assert.Equal("singular", (await storage.RefusedAsync(adapter.Files())).Code);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("0.625")]
    public async Task OSF_keeps_the_bases_greatest_directions_and_replaces_the_others(string kept)
    {
        var adapter = Make("OSF", new() { ["effective_rank"] = JsonNode.Parse(kept) }, [
            ("osf_svd_params.U_low", [8, 3]), ("osf_svd_params.S_low", [3]), ("osf_svd_params.V_low", [3, 8])]);
        var baseModel = MadeBaseWeights.Small(hasBias: false);
        var weight = WeightOf(baseModel);
        var delta = await DeltaOfAsync(adapter, baseModel);
        var scaled = adapter.Values("osf_svd_params.U_low").Select((value, i) => value * adapter.Values("osf_svd_params.S_low")[i % 3]).ToArray();
        double Large(int row, int column) => weight[(row * Width) + column] + delta[row, column] - Product(scaled, adapter.Values("osf_svd_params.V_low"), 3, Width, row, column);
        double Small(int row, int column) => weight[(row * Width) + column] - Large(row, column);

        // The two parts have nothing in common on either side, and no direction of the smaller one is longer than one of the larger.
        AssertDelta(delta, (row, column) => delta[row, column] + Enumerable.Range(0, Width).Sum(k => Large(row, k) * Small(column, k)));
        AssertDelta(delta, (row, column) => delta[row, column] + Enumerable.Range(0, Width).Sum(k => Large(k, row) * Small(k, column)));
        var (large, small) = (Spectra(Large), Spectra(Small));
        Assert.Equal((5, 3), (large.Count(value => value > 1e-6), small.Count(value => value > 1e-6)));
        Assert.True(small.Max() < large.Where(value => value > 1e-6).Min());
    }

    [Fact]
    public void Elimination_solves_what_it_was_given()
    {
        var random = new Random(2);
        const int n = 13;
        var matrix = Enumerable.Range(0, n * n).Select(i => i == 0 ? 0 : random.NextDouble() - 0.5).ToArray();
        var x = Enumerable.Range(0, n).Select(_ => random.NextDouble()).ToArray();
        var b = DoubleMatrix.Multiply(matrix, x, n, n, 1);
        LuDecomposition.Of([.. matrix], n)!.Solve(b);
        Assert.All(b.Zip(x), pair => Assert.InRange(pair.First - pair.Second, -1e-9, 1e-9));
        Assert.Null(LuDecomposition.Of([1, 2, 2, 4], 2));
    }

    /// <summary>Squares of singular values by Jacobi's rotations of MᵀM.</summary>
    private static double[] Spectra(Func<int, int, double> matrix)
    {
        var gram = new double[Width, Width];
        for (var i = 0; i < Width * Width; i++)
        {
            gram[i / Width, i % Width] = Enumerable.Range(0, Width).Sum(k => matrix(k, i / Width) * matrix(k, i % Width));
        }

        for (var sweep = 0; sweep < 30; sweep++)
        {
            for (var p = 0; p < Width; p++)
            {
                for (var q = p + 1; q < Width; q++)
                {
                    var angle = 0.5 * Math.Atan2(2 * gram[p, q], gram[q, q] - gram[p, p]);
                    var (s, c) = Math.SinCos(angle);
                    for (var k = 0; k < Width; k++)
                    {
                        (gram[k, p], gram[k, q]) = ((c * gram[k, p]) - (s * gram[k, q]), (s * gram[k, p]) + (c * gram[k, q]));
                    }

                    for (var k = 0; k < Width; k++)
                    {
                        (gram[p, k], gram[q, k]) = ((c * gram[p, k]) - (s * gram[q, k]), (s * gram[p, k]) + (c * gram[q, k]));
                    }
                }
            }
        }

        return [.. Enumerable.Range(0, Width).Select(i => gram[i, i])];
    }

    private static float[] WeightOf(BaseModel baseModel)
    {
        var weight = new float[Width * Width];
        baseModel.Weights!.Read(s_site, weight);
        return weight;
    }

    private static async Task<double[,]> DeltaOfAsync(SmallLora adapter, BaseModel baseModel)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        await storage.PutAsync("small", adapter.Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small"), TestContext.Current.CancellationToken);
        return DeltaOf(lease.Weights, baseModel);
    }
}

using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Support.AdaptedLinear;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

/// <summary>The methods that turn a linear's input or output, by their definitions in f64.</summary>
public sealed class RotationMethodTests
{
    private static readonly Site s_site = Bases.Small.FindSite(SmallMethod.Q0)!;

    /// <summary>Coefficients of Q, Q², … for each number of terms; 0 terms are the exact transform.</summary>
    private static readonly double[][] s_series = [[], [], [2], [2, 2, 1], [2, 2, 1], [2, 2, 2, 1], [2, 2, 2, 2, 1]];

    public static TheoryData<int, int, bool, double> OftCases => new()
    {
        { 0, 4, false, 0 }, { 1, 4, false, 0 }, { 2, 4, false, 0 }, { 3, 4, false, 0 }, { 4, 4, false, 0 }, { 5, 4, false, 0 }, { 6, 4, false, 0 },
        { 5, 2, true, 0 }, { 0, 8, false, 0 }, { 0, 4, true, 0.05 }, { 5, 4, false, 0.05 }, { 5, 4, false, 50 },
    };

    [Theory]
    [MemberData(nameof(OftCases))]
    public async Task OFT_turns_each_run_of_inputs(int terms, int size, bool isShared, double coftEps)
    {
        var blocks = isShared ? 1 : 8 / size;
        var adapter = Oft(terms, new JsonObject { ["oft_block_size"] = size, ["block_share"] = isShared, ["coft"] = coftEps > 0, ["eps"] = coftEps }, blocks, size * (size - 1) / 2);
        var triangles = adapter.Values("oft_R.weight");
        var (w, b) = Base(s_site, hasBias: true);
        var x = Input(s_site);
        var turned = new double[8];
        for (var block = 0; block < 8 / size; block++)
        {
            var stored = isShared ? 0 : block;
            var skew = Skew(triangles.AsSpan(stored * triangles.Length / blocks, triangles.Length / blocks), size);
            var length = Math.Sqrt(skew.Cast<double>().Sum(value => value * value));
            var limit = coftEps / Math.Sqrt(blocks);
            var factor = coftEps > 0 && length > limit ? limit / length : 1;
            var r = terms == 0 ? ExactCayley(Scaled(skew, factor)) : Series(Scaled(skew, factor), s_series[terms]);
            Turn(x, turned, r, Enumerable.Range(block * size, size).ToArray());
        }

        var (y, forms) = await RunAsync(adapter.Files(), s_site, hasBias: true);
        Assert.Equal("input_rotation", forms);
        AssertClose(Plus(Product(w, turned), b), y);
    }

    [Theory]
    [InlineData(3, 0, 4)]
    [InlineData(0, 3, 2)]
    [InlineData(0, 20, 8)]
    [InlineData(6, 0, 2)]
    public async Task OFT_moves_a_size_or_count_to_the_nearest_that_divides_the_width(int count, int wanted, int size)
    {
        var adapter = Oft(5, new JsonObject { ["r"] = count, ["oft_block_size"] = wanted }, 8 / size, size * (size - 1) / 2);
        Assert.Equal("input_rotation", (await RunAsync(adapter.Files(), s_site, hasBias: false)).Forms);
    }

    [Theory]
    [InlineData(1, 4, 0, false)]
    [InlineData(1, 0, 1, true)]
    [InlineData(2, 2, 0, true)]
    [InlineData(3, 2, 0, true)]
    [InlineData(2, 0, 2, false)]
    public async Task BOFT_multiplies_butterflies_of_Cayley_blocks_and_leaves_the_bases_bias_alone(int factors, int size, int count, bool hasBias)
    {
        var blockSize = count == 0 ? size : 8 / count;
        var adapter = Boft(factors, size, count, [factors, 8 / blockSize, blockSize, blockSize]);
        var (w, b) = Base(s_site, hasBias);
        var x = Input(s_site);
        var raw = adapter.Values("boft_R");
        for (var factor = factors - 1; factor >= 0; factor--)
        {
            // The permutation matrix P has a one in row i and column permutation[i]; the factor is P D Pᵀ.
            int[] permutation = (blockSize << factor, factor) switch
            {
                (4, 1) => [0, 2, 1, 3, 4, 6, 5, 7],
                (8, 2) => [0, 2, 4, 6, 1, 3, 5, 7],
                (8, 1) => [0, 1, 4, 5, 2, 3, 6, 7],
                _ => [0, 1, 2, 3, 4, 5, 6, 7],
            };
            var turned = new double[8];
            for (var block = 0; block < 8 / blockSize; block++)
            {
                var at = ((factor * (8 / blockSize)) + block) * blockSize * blockSize;
                var skew = new double[blockSize, blockSize];
                foreach (var (row, column) in Places(blockSize))
                {
                    skew[row, column] = 0.5 * (raw[at + (row * blockSize) + column] - raw[at + (column * blockSize) + row]);
                }

                Turn(x, turned, ExactCayley(skew), [.. Enumerable.Range(block * blockSize, blockSize).Select(place => Array.IndexOf(permutation, place))]);
            }

            x = turned;
        }

        var (y, forms) = await RunAsync(adapter.Files(), s_site, hasBias);
        Assert.Equal("input_rotation,output_scale" + (hasBias ? ",output_bias" : ""), forms);
        AssertClose(Plus(Times(Product(w, x), Array.ConvertAll(adapter.Values("boft_s"), value => (double)value)), b), y);
    }

    [Fact]
    public async Task BOFT_saved_without_its_extension_has_one_factor()
    {
        var adapter = Boft(3, 2, 0, [1, 4, 2, 2]);
        Assert.Equal("input_rotation,output_scale", (await RunAsync(adapter.Files(), s_site, hasBias: false)).Forms);
    }

    [Theory]
    [InlineData("road_1", 4)]
    [InlineData("road_2", 8)]
    [InlineData("road_4", 16)]
    public async Task RoAd_turns_pairs_of_outputs_with_the_bases_bias(string variant, int count)
    {
        var adapter = SmallMethod.Make("ROAD", new() { ["variant"] = variant, ["group_size"] = 4 }, [("road_theta", [count]), ("road_alpha", [count])]);
        var (theta, alpha) = (adapter.Values("road_theta"), adapter.Values("road_alpha"));
        var (w, b) = Base(s_site, hasBias: true);
        var y0 = Plus(Product(w, Input(s_site)), b);
        var expected = new double[8];
        for (var group = 0; group < 2; group++)
        {
            for (var i = 0; i < 4; i++)
            {
                var (first, second) = variant switch
                {
                    "road_1" => ((group * 2) + (i % 2), (group * 2) + (i % 2)),
                    "road_2" => ((group * 4) + i, (group * 4) + i),
                    _ => ((group * 8) + i, (group * 8) + 4 + i),
                };
                var rotated = i < 2 ? -y0[(group * 4) + i + 2] : y0[(group * 4) + i - 2];
                expected[(group * 4) + i] = (y0[(group * 4) + i] * alpha[first] * Math.Cos(theta[first])) + (rotated * alpha[second] * Math.Sin(theta[second]));
            }
        }

        var (y, forms) = await RunAsync(adapter.Files(), s_site, hasBias: true);
        Assert.Equal("output_rotation", forms);
        AssertClose(expected, y);
    }

    [Theory]
    [InlineData("0.17.1", true, "oft_version")]
    [InlineData("0.18.0.dev0", true, "oft_version")]
    [InlineData(null, true, "oft_version")]
    [InlineData("0.21.2", null, "oft_version")]
    [InlineData("0.15.0", false, null)]
    public async Task OFT_of_a_release_that_computed_something_else_is_refused(string? version, bool? series, string? code)
    {
        var adapter = Oft(5, new JsonObject(), 2, 6);
        adapter.Config["peft_version"] = version;
        adapter.Config["use_cayley_neumann"] = series;
        await CheckAsync(adapter, code);
    }

    [Theory]
    [InlineData("r", 4, "option_range")]
    [InlineData("oft_block_size", 0, "option_range")]
    [InlineData("oft_block_size", -4, "option_range")]
    [InlineData("num_cayley_neumann_terms", 0, "option_range")]
    [InlineData("num_cayley_neumann_terms", 2000000000, "option_range")]
    [InlineData("oft_block_size", 2, "shape_mismatch")]
    [InlineData("oft_block_size", null, "config_missing_key")]
    public async Task OFT_with_an_option_that_does_not_fit_is_refused(string key, int? value, string code)
    {
        var adapter = Oft(5, new JsonObject(), 2, 6);
        adapter.Config[key] = value;
        await CheckAsync(adapter, code);
    }

    [Theory]
    [InlineData("boft_block_size", 3, "option_range")]
    [InlineData("boft_block_size", 0, "option_range")]
    [InlineData("boft_block_num", 2, "option_range")]
    [InlineData("boft_n_butterfly_factor", 4, "option_range")]
    [InlineData("boft_n_butterfly_factor", 2000000000, "option_range")]
    [InlineData("boft_n_butterfly_factor", 0, "option_range")]
    [InlineData("boft_block_size", 4, "shape_mismatch")]
    public async Task BOFT_with_an_option_that_does_not_fit_is_refused(string key, int value, string code)
    {
        var adapter = Boft(2, 2, 0, [2, 4, 2, 2]);
        adapter.Config[key] = value;
        await CheckAsync(adapter, code);
    }

    [Theory]
    [InlineData("group_size", 3, "option_range")]
    [InlineData("group_size", 16, "option_range")]
    [InlineData("group_size", 0, "option_range")]
    [InlineData("variant", "road_3", "road_variant")]
    [InlineData("variant", "road_2", "shape_mismatch")]
    public async Task RoAd_with_an_option_that_does_not_fit_is_refused(string key, object value, string code)
    {
        var adapter = SmallMethod.Make("ROAD", new() { ["variant"] = "road_1", ["group_size"] = 4 }, [("road_theta", [4]), ("road_alpha", [4])]);
        adapter.Config[key] = value is int number ? number : (string)value;
        await CheckAsync(adapter, code);
    }

    [Fact]
    public async Task Values_that_are_no_numbers_or_too_large_are_refused()
    {
        var adapter = Oft(0, new JsonObject(), 2, 6);
        adapter.Values("oft_R.weight")[3] = float.NaN;
        await CheckAsync(adapter, "not_finite");
        adapter = Oft(5, new JsonObject(), 2, 6);
        adapter.Values("oft_R.weight")[3] = 1e20f;
        await CheckAsync(adapter, "not_finite");
    }

    private static async Task CheckAsync(SmallLora adapter, string? code)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: true));
        if (code is null)
        {
            await storage.PutAsync("sound", adapter.Files());
        }
        else
        {
            Assert.Equal(code, (await storage.RefusedAsync(adapter.Files())).Code);
        }
    }

    private static SmallLora Oft(int terms, JsonObject options, int blocks, int triangle)
    {
        var adapter = SmallMethod.Make(
            "OFT",
            new() { ["r"] = 0, ["oft_block_size"] = 4, ["use_cayley_neumann"] = terms > 0, ["num_cayley_neumann_terms"] = Math.Max(terms, 1), ["peft_version"] = "0.21.2" },
            [("oft_R.weight", [blocks, triangle])]);
        foreach (var (key, value) in options.ToList())
        {
            options.Remove(key);
            adapter.Config[key] = value;
        }

        Shrink(adapter.Values("oft_R.weight"));
        return adapter;
    }

    private static SmallLora Boft(int factors, int size, int count, long[] shape)
    {
        var adapter = SmallMethod.Make(
            "BOFT", new() { ["boft_block_size"] = size, ["boft_block_num"] = count, ["boft_n_butterfly_factor"] = factors }, [("boft_R", shape), ("boft_s", [8, 1])]);
        Shrink(adapter.Values("boft_R"));
        return adapter;
    }

    /// <summary>So that the series of the exact transform below converge.</summary>
    private static void Shrink(float[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] /= 32;
        }
    }

    private static double[,] Skew(ReadOnlySpan<float> triangle, int size)
    {
        var skew = new double[size, size];
        var at = 0;
        for (var row = 0; row < size; row++)
        {
            for (var column = row + 1; column < size; column++, at++)
            {
                (skew[row, column], skew[column, row]) = (triangle[at], -triangle[at]);
            }
        }

        return skew;
    }

    /// <summary>(I - Q) (I - Q + Q² - …), which is (I - Q)(I + Q)⁻¹.</summary>
    private static double[,] ExactCayley(double[,] skew) => Series(skew, [.. Enumerable.Range(1, 80).Select(power => power % 2 == 0 ? 2.0 : -2.0)]);

    /// <summary>I + c₁ Q + c₂ Q² + …</summary>
    private static double[,] Series(double[,] skew, double[] coefficients)
    {
        var size = skew.GetLength(0);
        var (sum, power) = (new double[size, size], new double[size, size]);
        for (var i = 0; i < size; i++)
        {
            sum[i, i] = power[i, i] = 1;
        }

        foreach (var coefficient in coefficients)
        {
            var next = new double[size, size];
            foreach (var (row, column) in Places(size))
            {
                next[row, column] = Enumerable.Range(0, size).Sum(k => power[row, k] * skew[k, column]);
                sum[row, column] += coefficient * next[row, column];
            }

            power = next;
        }

        return sum;
    }

    private static double[,] Scaled(double[,] matrix, double factor)
    {
        foreach (var (row, column) in Places(matrix.GetLength(0)))
        {
            matrix[row, column] *= factor;
        }

        return matrix;
    }

    /// <summary>The places of a block: y[c] = sum over r of x[r] R[r, c].</summary>
    private static void Turn(double[] x, double[] y, double[,] r, int[] places)
    {
        foreach (var (row, column) in Places(places.Length))
        {
            y[places[column]] += x[places[row]] * r[row, column];
        }
    }

    private static IEnumerable<(int Row, int Column)> Places(int size) => from row in Enumerable.Range(0, size) from column in Enumerable.Range(0, size) select (row, column);
}

using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Formats.Peft.Methods.SmallMethod;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

/// <summary>The wavelets' own laws, and WaveFT by its definition with one whose taps can be written down.</summary>
public sealed class WaveletTests
{
    /// <summary>Some published taps have twelve digits.</summary>
    private const double TapTolerance = 1e-10;

    public static TheoryData<string> Names => [.. Wavelet.Names];

    [Fact]
    public void Every_wavelet_that_PEFT_has_right_taps_of_is_there() =>
        Assert.Equal([.. Family("db", 1, 10), .. Family("sym", 2, 10), .. Family("coif", 1, 3)], Wavelet.Names.ToHashSet());

    [Theory]
    [MemberData(nameof(Names))]
    public void The_filters_are_orthonormal_and_the_high_one_kills_polynomials(string name)
    {
        var wavelet = Wavelet.Find(name);
        Assert.InRange(wavelet.Low.Sum() - Math.Sqrt(2), -TapTolerance, TapTolerance);
        for (var shift = 0; shift < wavelet.Low.Length; shift += 2)
        {
            var expected = shift == 0 ? 1 : 0;
            Assert.InRange(Shifted(wavelet.Low, wavelet.Low, shift) - expected, -TapTolerance, TapTolerance);
            Assert.InRange(Shifted(wavelet.High, wavelet.High, shift) - expected, -TapTolerance, TapTolerance);
            Assert.InRange(Shifted(wavelet.Low, wavelet.High, shift), -TapTolerance, TapTolerance);
            Assert.InRange(Shifted(wavelet.High, wavelet.Low, shift), -TapTolerance, TapTolerance);
        }

        for (var power = 0; power < (name.StartsWith("coif", StringComparison.Ordinal) ? wavelet.Low.Length / 3 : wavelet.Low.Length / 2); power++)
        {
            // Scaled to [-1, 1], where the moments' own size does not hide an error.
            var middle = (wavelet.High.Length - 1) / 2.0;
            var moment = wavelet.High.Select((tap, i) => tap * Math.Pow((i - middle) / Math.Max(middle, 1), power)).Sum();
            Assert.InRange(moment, -1e-8, 1e-8);
        }
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(9, 9)]
    public async Task WaveFT_places_its_coefficients_in_the_middle_and_cuts_what_the_filters_add(int size, int count)
    {
        var root = Math.Sqrt(3);
        double[] low = [(1 + root) / (4 * Math.Sqrt(2)), (3 + root) / (4 * Math.Sqrt(2)), (3 - root) / (4 * Math.Sqrt(2)), (1 - root) / (4 * Math.Sqrt(2))];
        double[] high = [low[3], -low[2], low[1], -low[0]];
        var baseModel = Bases.Llama("odd", Bases.Fingerprint, layers: 2, hidden: size, keys: 4, inner: 12, vocabulary: 16);
        var adapter = Make("WAVEFT", new() { ["n_frequency"] = count, ["scaling"] = 2.0, ["random_loc_seed"] = 3, ["wavelet_family"] = "db2" }, [("waveft_spectrum", [count])]);
        var (delta, _) = await DeltaAsync(adapter, baseModel);

        var padded = size + 2 + (size % 2);
        var half = padded / 2;
        var whole = new double[(2 * half) + 2, (2 * half) + 2];
        var places = new TorchRandom(3).Permutation(size * size, count);
        for (var i = 0; i < count; i++)
        {
            var (row, column) = ((places[i] / size) + ((padded - size) / 2), (places[i] % size) + ((padded - size) / 2));
            var (rowFilter, columnFilter) = (column < half ? low : high, row < half ? low : high);
            for (var r = 0; r < 4; r++)
            {
                for (var c = 0; c < 4; c++)
                {
                    whole[(2 * (row % half)) + r, (2 * (column % half)) + c] += 2.0 * adapter.Values("waveft_spectrum")[i] * rowFilter[r] * columnFilter[c];
                }
            }
        }

        // Two values fall off at either end, and of what is left the middle counts.
        var first = 2 + ((padded - 2 - size) / 2);
        AssertDelta(delta, (row, column) => whole[row + first, column + first]);
    }

    private static IEnumerable<string> Family(string name, int first, int last) => Enumerable.Range(first, last - first + 1).Select(order => $"{name}{order}");

    private static double Shifted(double[] first, double[] second, int shift) => Enumerable.Range(0, first.Length - shift).Sum(i => first[i] * second[i + shift]);
}

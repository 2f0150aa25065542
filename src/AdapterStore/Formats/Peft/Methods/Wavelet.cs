using System.Collections.Frozen;
using System.Globalization;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// An orthonormal wavelet by its two reconstruction filters. <b>Shapes</b>: Low, High [L].
/// <b>Source</b>: Daubechies, Ten Lectures on Wavelets; the taps as PyWavelets has them.
/// </summary>
internal sealed record Wavelet(double[] Low, double[] High)
{
    public const string Haar = "db1";

    private static readonly Lazy<FrozenDictionary<string, Wavelet>> s_all = new(Load);

    public static IEnumerable<string> Names => s_all.Value.Keys;

    /// <summary>
    /// <b>Errors</b>: Unservable <c>wavelet</c>. Those that PEFT names beyond ours it has no taps of (db11, …), or wrong ones (coif4, coif5, which are not orthonormal there).
    /// </summary>
    public static Wavelet Find(string name) => s_all.Value.TryGetValue(name, out var found) ? found : throw StoreErrors.Unservable(
        "wavelet", $"The wavelet '{AdapterNames.Shorten(name)}' is not served; train with wavelet_family db1 to db10, sym2 to sym10 or coif1 to coif3.");

    /// <summary>
    /// One level of the inverse transform along one axis: the first half of the coefficients through the low filter, the second through the high one, of each result the middle.
    /// <b>Semantics</b>: y[t] = Σ low[t + L - 2 + cut - 2k] x[k] + high[…] x[n + k]. <b>Shapes</b>: x has 2n rows of <paramref name="width"/>, y any even or odd number of rows.
    /// </summary>
    public void Inverse(ReadOnlySpan<double> x, Span<double> y, int width)
    {
        var half = x.Length / width / 2;
        var rows = y.Length / width;
        var whole = (2 * half) + 2 - Low.Length;
        var first = Low.Length - 2 + ((whole - rows) / 2);
        y.Clear();
        for (var row = 0; row < rows; row++)
        {
            var target = y.Slice(row * width, width);
            for (var k = Math.Max(0, (row + first - Low.Length + 2) / 2); k < half && 2 * k <= row + first; k++)
            {
                var tap = row + first - (2 * k);
                DoubleMatrix.AddScaled(target, Low[tap], x.Slice(k * width, width));
                DoubleMatrix.AddScaled(target, High[tap], x.Slice((half + k) * width, width));
            }
        }
    }

    /// <summary>How many coefficients PEFT makes of so many values: as many as come back in full, and an even number.</summary>
    public int Padded(int length) => (length + Low.Length - 2 + 1) / 2 * 2;

    private static FrozenDictionary<string, Wavelet> Load()
    {
        using var reader = new StreamReader(typeof(Wavelet).Assembly.GetManifestResourceStream("Wavelets.txt")!);
        var all = new Dictionary<string, Wavelet>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                var fields = line.Split(' ');
                var low = Array.ConvertAll(fields[1..], field => double.Parse(field, CultureInfo.InvariantCulture));
                all.Add(fields[0], new Wavelet(low, [.. low.Reverse().Select((tap, i) => i % 2 == 0 ? tap : -tap)]));
            }
        }

        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

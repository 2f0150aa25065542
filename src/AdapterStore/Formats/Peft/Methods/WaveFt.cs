using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += scaling D x, D the inverse wavelet transform of one level of S, or S itself without <c>use_idwt</c>; S is zero but for the
/// coefficients at the places drawn from the seed, and is set in the middle of as many more zeros as the filters eat.
/// <b>Shapes</b>: coefficients [n], S and D [O, H]. <b>Source</b>: PEFT, tuners/waveft.
/// </summary>
internal sealed class WaveFt : IPeftMethod
{
    public string Type => "WAVEFT";

    public string Forms => "dense";

    public string Note => "the places as of FOURIERFT; `db1` to `db10`, `sym2` to `sym10`, `coif1` to `coif3`, or `use_idwt=False`";

    public ImmutableArray<string> Options =>
        ["n_frequency", "n_frequency_pattern", "proportional_parameters", "scaling", "wavelet_family", "use_idwt", "random_loc_seed", "init_weights"];

    public ImmutableArray<string> Parts => ["waveft_spectrum"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var config = adapter.Config;
        var (seed, scaling) = (config.IntOr("random_loc_seed", 777), config.RequiredNumber("scaling"));
        var inverse = config.Find("use_idwt") is null || config.Flag("use_idwt");
        var wavelet = inverse ? Wavelet.Find(config.Text("wavelet_family") ?? Wavelet.Haar) : null;
        return module =>
        {
            var spectrum = Spectrum.Part(module, "waveft_spectrum");
            return new MadeDenseTensors(module.Site, [spectrum], DenseMode.Add, values =>
            {
                var coefficients = Array.ConvertAll(values.Read(spectrum), value => scaling * value);
                var places = Spectrum.Places(module.Site, spectrum.Elements, seed);
                return wavelet is null ? Placed(module.Site, places, coefficients) : Transformed(module.Site, places, coefficients, wavelet);
            });
        };
    }

    private static double[] Placed(Site site, int[] places, double[] coefficients)
    {
        var delta = new double[checked(site.OutFeatures * site.InFeatures)];
        for (var i = 0; i < places.Length; i++)
        {
            delta[places[i]] = coefficients[i];
        }

        return delta;
    }

    private static double[] Transformed(Site site, int[] places, double[] coefficients, Wavelet wavelet)
    {
        var (rows, columns) = (wavelet.Padded(site.OutFeatures), wavelet.Padded(site.InFeatures));
        var (firstRow, firstColumn) = ((rows - site.OutFeatures) / 2, (columns - site.InFeatures) / 2);
        var turned = new double[checked(rows * columns)];
        for (var i = 0; i < places.Length; i++)
        {
            var (row, column) = ((places[i] / site.InFeatures) + firstRow, (places[i] % site.InFeatures) + firstColumn);
            // The bands are filed with rows and columns exchanged: the upper right one is the difference along the rows.
            var (rowBand, columnBand) = (row / (rows / 2), column / (columns / 2));
            row += (columnBand - rowBand) * (rows / 2);
            column += (rowBand - columnBand) * (columns / 2);
            turned[(column * rows) + row] = coefficients[i];
        }

        var half = new double[checked(site.InFeatures * rows)];
        wavelet.Inverse(turned, half, rows);
        var delta = new double[checked(site.OutFeatures * site.InFeatures)];
        wavelet.Inverse(DoubleMatrix.Transpose(half, site.InFeatures, rows), delta, site.InFeatures);
        return delta;
    }
}

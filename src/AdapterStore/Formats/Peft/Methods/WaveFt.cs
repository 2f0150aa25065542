using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += scaling D x, D the inverse Haar wavelet transform of one level of S, or S itself without <c>use_idwt</c>; S is zero but for the
/// coefficients at the places drawn from the seed. An odd size is made even for the transform and cut afterwards.
/// <b>Shapes</b>: coefficients [n], S and D [O, H]. <b>Source</b>: PEFT, tuners/waveft.
/// </summary>
internal sealed class WaveFt : IPeftMethod
{
    private const string Haar = "db1";

    public string Type => "WAVEFT";

    public string Forms => "dense";

    public string Note => "the places as of FOURIERFT; `db1`, or `use_idwt=False`";

    public ImmutableArray<string> Options =>
        ["n_frequency", "n_frequency_pattern", "proportional_parameters", "scaling", "wavelet_family", "use_idwt", "random_loc_seed", "init_weights"];

    public ImmutableArray<string> Parts => ["waveft_spectrum"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var config = adapter.Config;
        var (seed, scaling) = (config.IntOr("random_loc_seed", 777), config.RequiredNumber("scaling"));
        var inverse = config.Find("use_idwt") is null || config.Flag("use_idwt");
        if (inverse && config.Text("wavelet_family") is { } family && family != Haar)
        {
            throw StoreErrors.Unservable("wavelet", $"The wavelet '{AdapterNames.Shorten(family)}' is not served; train with wavelet_family=\"{Haar}\".");
        }

        return module =>
        {
            var spectrum = Spectrum.Part(module, "waveft_spectrum");
            return new MadeDenseTensors(
                module.Site, [spectrum], DenseMode.Add, values => Delta(module.Site, Spectrum.Places(module.Site, spectrum.Elements, seed), values.Read(spectrum), scaling, inverse));
        };
    }

    private static double[] Delta(Site site, int[] places, double[] coefficients, double scaling, bool inverse)
    {
        var delta = new double[site.OutFeatures * site.InFeatures];
        for (var i = 0; i < places.Length; i++)
        {
            var value = scaling * coefficients[i];
            if (inverse)
            {
                AddWavelet(delta, site, Math.DivRem(places[i], site.InFeatures), value);
            }
            else
            {
                delta[places[i]] = value;
            }
        }

        return delta;
    }

    /// <summary>One coefficient makes two by two values; in the upper half of an axis it is a difference, whose second value is negative.</summary>
    private static void AddWavelet(double[] delta, Site site, (int Row, int Column) place, double value)
    {
        var (rowHalf, columnHalf) = ((site.OutFeatures + 1) / 2, (site.InFeatures + 1) / 2);
        var (rowSign, columnSign) = (place.Row >= rowHalf ? -1 : 1, place.Column >= columnHalf ? -1 : 1);
        for (var i = 0; i < 2; i++)
        {
            for (var j = 0; j < 2; j++)
            {
                var row = (2 * (place.Row % rowHalf)) + i;
                var column = (2 * (place.Column % columnHalf)) + j;
                if (row < site.OutFeatures && column < site.InFeatures)
                {
                    // The bands are filed with rows and columns exchanged: the upper right one is the difference along the rows.
                    delta[(row * site.InFeatures) + column] += value / 2 * (j == 0 ? 1 : rowSign) * (i == 0 ? 1 : columnSign);
                }
            }
        }
    }
}

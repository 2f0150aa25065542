using System.Collections.Immutable;
using System.Numerics;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += scaling Re(F⁻¹ S) x, S zero but for the coefficients at the places drawn from the seed.
/// <b>Shapes</b>: coefficients [n], S [O, H]. <b>Source</b>: PEFT, tuners/fourierft.
/// </summary>
internal sealed class FourierFt : IPeftMethod
{
    public string Type => "FOURIERFT";

    public string Forms => "dense";

    public string Note => "the places are drawn from `random_loc_seed` as PyTorch's CPU generator draws them";

    public ImmutableArray<string> Options => ["n_frequency", "n_frequency_pattern", "scaling", "random_loc_seed", "init_weights"];

    public ImmutableArray<string> Parts => ["fourierft_spectrum"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var seed = adapter.Config.IntOr("random_loc_seed", 777);
        var scaling = adapter.Config.RequiredNumber("scaling");
        return module =>
        {
            var spectrum = Spectrum.Part(module, "fourierft_spectrum");
            return new MadeDenseTensors(
                module.Site, [spectrum], DenseMode.Add, values => Delta(module.Site, Spectrum.Places(module.Site, spectrum.Elements, seed), values.Read(spectrum), scaling));
        };
    }

    private static double[] Delta(Site site, int[] places, double[] coefficients, double scaling)
    {
        var (rows, columns) = (site.OutFeatures, site.InFeatures);
        var transformed = Rows(places, coefficients, columns);
        var delta = new double[rows * columns];
        var scale = scaling / delta.Length;
        var down = new Fourier(rows);
        var (column, result) = (new Complex[rows], new Complex[rows]);
        for (var h = 0; h < columns; h++)
        {
            foreach (var (row, values) in transformed)
            {
                column[row] = values[h];
            }

            down.Inverse(column, result);
            for (var o = 0; o < rows; o++)
            {
                delta[(o * columns) + h] = scale * result[o].Real;
            }
        }

        return delta;
    }

    /// <summary>The rows that hold a coefficient, transformed; all others are zero.</summary>
    private static Dictionary<int, Complex[]> Rows(int[] places, double[] coefficients, int columns)
    {
        var rows = new Dictionary<int, Complex[]>();
        for (var i = 0; i < places.Length; i++)
        {
            var (row, column) = Math.DivRem(places[i], columns);
            if (!rows.TryGetValue(row, out var values))
            {
                rows.Add(row, values = new Complex[columns]);
            }

            values[column] = coefficients[i];
        }

        var along = new Fourier(columns);
        var source = new Complex[columns];
        foreach (var values in rows.Values)
        {
            values.CopyTo(source, 0);
            along.Inverse(source, values);
        }

        return rows;
    }
}

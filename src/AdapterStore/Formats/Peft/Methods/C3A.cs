using System.Collections.Immutable;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += D x, D of circulant blocks: D[m b + i, n b + j] = w[m, n, (j - i) mod b] / H.
/// <b>Shapes</b>: w [O / b, H / b, b]. <b>Source</b>: PEFT, tuners/c3a, whose Fourier transforms compute this.
/// </summary>
internal sealed class C3A : IPeftMethod
{
    public string Type => "C3A";

    public string Forms => "dense";

    public ImmutableArray<string> Options => ["block_size", "block_size_pattern", "init_weights"];

    public ImmutableArray<string> Parts => ["c3a_kernel"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var sizeOf = adapter.RankBySite("block_size", "block_size_pattern");
        return module => Lower(module, sizeOf(module.Site));
    }

    private static MadeDenseTensors Lower(PeftModule module, int size)
    {
        var site = module.Site;
        if (site.InFeatures % size != 0 || site.OutFeatures % size != 0)
        {
            throw PeftAdapter.OutOfRange("block_size");
        }

        var kernel = module.Part("c3a_kernel", site.OutFeatures / size, site.InFeatures / size, size);
        return new MadeDenseTensors(site, [kernel], DenseMode.Add, values =>
        {
            var w = values.Read(kernel);
            var delta = new double[site.OutFeatures * site.InFeatures];
            for (var at = 0; at < delta.Length; at++)
            {
                var (row, column) = Math.DivRem(at, site.InFeatures);
                var block = (row / size * (site.InFeatures / size)) + (column / size);
                delta[at] = w[(block * size) + ((column - row + site.OutFeatures) % size)] / site.InFeatures;
            }

            return delta;
        });
    }
}

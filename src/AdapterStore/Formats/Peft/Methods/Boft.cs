using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y = s (W R x) + bias, R a product of block-diagonal factors of Cayley-orthogonal blocks, factor i on the inputs in butterfly order i; the base's
/// bias is not scaled.
/// <b>Shapes</b>: boft_R [factors, H / b, b, b], of which the skew part (R - Rᵀ) / 2 counts; boft_s [O, 1]. PEFT without its CUDA extension makes one factor whatever
/// the configuration says, so that the file may have one instead of <c>boft_n_butterfly_factor</c>.
/// <b>Source</b>: PEFT, tuners/boft.
/// </summary>
internal sealed class Boft : IPeftMethod
{
    public string Type => "BOFT";

    public string Forms => "input_rotation, output_scale, output_bias";

    public string Note => "the base's bias stays unscaled";

    public ImmutableArray<string> Options => ["boft_block_size", "boft_block_num", "boft_n_butterfly_factor", "boft_dropout", "init_weights"];

    public ImmutableArray<string> Parts => ["boft_R", "boft_s"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var config = adapter.Config;
        var (size, count) = (config.IntOr("boft_block_size", 4), config.IntOr("boft_block_num", 0));
        var factors = adapter.Positive("boft_n_butterfly_factor", 1);
        if (size < 0 || count < 0 || size == 0 == (count == 0))
        {
            throw PeftAdapter.OutOfRange(count == 0 ? "boft_block_size" : "boft_block_num");
        }

        var weights = adapter.Base.Weights ?? throw StoreErrors.Unservable("base_weights", "BOFT leaves the base's biases alone, which are not at hand.");
        return module => Lower(module, size, count, factors, weights.TryReadBias(module.Site, new float[module.Site.OutFeatures]));
    }

    private static GroupedTensors Lower(PeftModule module, int size, int count, int factors, bool hasBias)
    {
        var site = module.Site;
        var width = site.InFeatures;
        var divisor = Math.Max(size, count);
        if (divisor > width || width % divisor != 0)
        {
            throw PeftAdapter.OutOfRange(count == 0 ? "boft_block_size" : "boft_block_num");
        }

        size = count == 0 ? size : width / count;
        factors = module.HasShape("boft_R", 1, width / size, size, size) ? 1 : factors;
        if (factors > 1 && (factors > 30 || size % 2 != 0 || width % ((long)size << (factors - 1)) != 0))
        {
            throw PeftAdapter.OutOfRange("boft_n_butterfly_factor");
        }

        var blocks = module.Part("boft_R", factors, width / size, size, size);
        var scale = module.Part("boft_s", site.OutFeatures, 1);
        var forms = ImmutableArray.CreateBuilder<SiteTensors>();
        forms.Add(new InputRotationTensors(site, [blocks], (long)factors * width * size, values => Factors(values.Read(blocks), site, size, factors)));
        forms.Add(new VectorTensors(site, FormKind.OutputScale, scale));
        if (hasBias)
        {
            forms.Add(new MadeVectorTensors(site, FormKind.OutputBias, [], values => Unscale(values.BaseBias(site), values.Read(scale))));
        }

        return new GroupedTensors(site, forms.ToImmutable());
    }

    /// <summary>What makes s (y + bias) into s y + bias.</summary>
    private static double[] Unscale(float[] bias, double[] scale) => [.. bias.Zip(scale, (value, s) => (1 - s) * value)];

    /// <summary>The last factor in the file is the first that x meets.</summary>
    private static IEnumerable<RotationBlocks> Factors(double[] raw, Site site, int size, int factors)
    {
        var width = site.InFeatures;
        for (var factor = factors - 1; factor >= 0; factor--)
        {
            var blocks = new double[width * size];
            for (var block = 0; block < width / size; block++)
            {
                var at = ((factor * (width / size)) + block) * size * size;
                var rotation = Cayley.Exact(Skew(raw.AsSpan(at, size * size), size), size) ?? throw MadeTensors.NotFinite(site);
                rotation.CopyTo(blocks, block * size * size);
            }

            yield return new RotationBlocks(size, blocks, Order(width, size, factor));
        }
    }

    private static double[] Skew(ReadOnlySpan<double> raw, int size)
    {
        var skew = new double[raw.Length];
        for (var i = 0; i < raw.Length; i++)
        {
            skew[i] = 0.5 * (raw[i] - raw[(i % size * size) + (i / size)]);
        }

        return skew;
    }

    /// <summary>
    /// Of each run of b 2^i inputs, cut in pieces of b / 2: the odd pieces stand in the second half of the order that the file's permutation names, which is
    /// where an input goes; here stands where it comes from. Empty for the order that changes nothing.
    /// </summary>
    private static int[] Order(int width, int size, int factor)
    {
        if (factor == 0)
        {
            return [];
        }

        var (run, piece) = (size << factor, size / 2);
        var pieces = run / piece;
        var order = new int[width];
        for (var at = 0; at < width; at++)
        {
            var (number, rest) = Math.DivRem(at % run, piece);
            var source = number < pieces / 2 ? 2 * number : (2 * (number - (pieces / 2))) + 1;
            order[(at / run * run) + (source * piece) + rest] = at;
        }

        return order;
    }
}

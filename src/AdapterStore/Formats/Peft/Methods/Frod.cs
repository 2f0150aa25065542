using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: W becomes U (S + diag λ) Vᵀ; V is one matrix for all layers' modules of a name, U the columns of W V⁻ᵀ, each divided by its length, S sparse.
/// <b>Shapes</b>: V [H, H], indices of S [2, n], values of S [n], λ [H]. <b>Units, dtype, layout</b>: U is rounded to f32 as PEFT does, since V may magnify what is lost.
/// <b>Source</b>: PEFT, tuners/frod.
/// </summary>
internal sealed class Frod : IPeftMethod
{
    private const string Cure = "save the adapter with save_projection=True";

    /// <summary>PEFT's bound below which a column has no direction.</summary>
    private const double LeastLength = 1e-12;

    public string Type => "FROD";

    public string Forms => "dense";

    public string Note => "with the base's weights";

    public ImmutableArray<string> Options =>
        ["projection_prng_key", "save_projection", "frod_dropout", "sparse_rate", "regularization_alpha", "progressbar", "runtime_offload_base_weight", "init_weights"];

    public ImmutableArray<string> Parts => ["frod_lambda_l", "frod_lambda_s_values"];

    public ImmutableArray<string> Shared => ["frod_V", "frod_s_indices", "frod_s_size"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var solvers = new Dictionary<string, LuDecomposition>(StringComparer.Ordinal);
        return module =>
        {
            var (site, category) = (module.Site, Category(module.Site.Path));
            var v = adapter.Shared("frod_V." + category, Cure, site.InFeatures, site.InFeatures);
            var values = module.Part("frod_lambda_s_values", -1);
            var indices = adapter.SharedIndices("frod_s_indices." + category, Cure, 2, values.Elements);
            var size = adapter.SharedIndices("frod_s_size." + category, Cure, 2);
            var diagonal = module.Part("frod_lambda_l", site.InFeatures);
            return new MadeDenseTensors(site, [v, values, indices, diagonal, size], DenseMode.Add, read =>
            {
                if (read.ReadIndices(size, site.InFeatures + 1).Any(length => length != site.InFeatures))
                {
                    throw PeftAdapter.OutOfRange("frod_s_size");
                }

                if (!solvers.TryGetValue(v.Name, out var solver))
                {
                    solvers.Add(v.Name, solver = LuDecomposition.Of(read.Read(v), site.InFeatures)
                        ?? throw StoreErrors.Unservable("singular", $"The tensor '{v.Name}' has no inverse, without which the adapter means nothing."));
                }

                return Delta(read, site, solver, v, new Middle(values, indices, diagonal));
            })
            {
                KeptAs = "frod.1",
            };
        };
    }

    private static double[] Delta(TensorValues read, Site site, LuDecomposition solver, SafetensorsTensor v, Middle middle)
    {
        var width = site.InFeatures;
        var weight = read.BaseWeight(site);
        var basis = read.Read(v);
        var (places, values, diagonal) = (read.ReadIndices(middle.Indices, width, width), read.Read(middle.Values), read.Read(middle.Diagonal));
        var left = Left(solver, weight, site);
        var mixed = new double[left.Length];
        for (var row = 0; row < site.OutFeatures; row++)
        {
            var own = left.AsSpan(row * width, width);
            var target = mixed.AsSpan(row * width, width);
            for (var h = 0; h < width; h++)
            {
                target[h] = own[h] * diagonal[h];
            }

            for (var i = 0; i < values.Length; i++)
            {
                target[places[values.Length + i]] += own[places[i]] * values[i];
            }
        }

        var delta = DoubleMatrix.Multiply(mixed, DoubleMatrix.Transpose(basis, width, width), site.OutFeatures, width, width);
        for (var i = 0; i < delta.Length; i++)
        {
            delta[i] -= weight[i];
        }

        return delta;
    }

    /// <summary>U, [O, H].</summary>
    private static double[] Left(LuDecomposition solver, float[] weight, Site site)
    {
        var width = site.InFeatures;
        var left = Array.ConvertAll(weight, value => (double)value);
        var lengths = new double[width];
        for (var row = 0; row < site.OutFeatures; row++)
        {
            var own = left.AsSpan(row * width, width);
            solver.Solve(own);
            for (var h = 0; h < width; h++)
            {
                lengths[h] += own[h] * own[h];
            }
        }

        for (var i = 0; i < left.Length; i++)
        {
            var length = Math.Sqrt(lengths[i % width]);
            left[i] = length > LeastLength ? (float)(left[i] / length) : 0;
        }

        return left;
    }

    /// <summary>The last two names of the path, as PEFT files what layers share.</summary>
    private static string Category(string path)
    {
        var names = path.Split('.');
        return names.Length == 1 || int.TryParse(names[^2], out _) ? names[^1] : $"{names[^2]}_{names[^1]}";
    }

    private sealed record Middle(SafetensorsTensor Values, SafetensorsTensor Indices, SafetensorsTensor Diagonal);
}

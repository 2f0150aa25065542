using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// A sum of random bases, each with two learned diagonals: of full rank, hence a whole matrix.
/// <b>Semantics</b>: with m = min(O, H), M = max(O, H), N = ⌈m / r⌉: y += alpha / r (P Q) x or its transpose, P [M, N r] from B[:, b, k] in the order (b, k),
/// Q [N r, m] from λ[k, b] A[k] ∘ γ[b] in the order (k, b). That the two orders differ is how the method is defined in PEFT.
/// <b>Shapes</b>: A [r, 1, ≥ m], B [≥ M, ≥ N, r], λ [r, N], γ [N, m]. <b>Source</b>: PEFT, tuners/randlora.
/// </summary>
internal sealed class RandLora : IPeftMethod
{
    private const string Cure = "save the adapter with save_projection=True";

    public string Type => "RANDLORA";

    public string Forms => "low_rank, dense";

    public string Note => "of full rank, hence dense but for tiny modules; needs `save_projection=True`";

    public ImmutableArray<string> Options =>
        ["r", "projection_prng_key", "save_projection", "sparse", "very_sparse", "randlora_dropout", "randlora_alpha", "init_weights"];

    public ImmutableArray<string> Parts => ["randlora_A", "randlora_B", "randlora_lambda", "randlora_gamma"];

    public ImmutableArray<string> Shared => ["randlora_A", "randlora_B"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        var a = adapter.Shared("randlora_A", Cure, rank, 1, -1);
        var b = adapter.Shared("randlora_B", Cure, -1, -1, rank);
        var scale = adapter.Config.RequiredNumber("randlora_alpha") / rank;
        return module => Lower(module, rank, a, b, scale);
    }

    private static SiteTensors Lower(PeftModule module, int rank, SafetensorsTensor a, SafetensorsTensor b, double scale)
    {
        var site = module.Site;
        var (least, most) = (Math.Min(site.InFeatures, site.OutFeatures), Math.Max(site.InFeatures, site.OutFeatures));
        var bases = (least + rank - 1) / rank;
        if (a.Shape[2] < least || b.Shape[0] < most || b.Shape[1] < bases)
        {
            throw StoreErrors.Unservable("shape_mismatch", $"The shared bases of the file are smaller than '{site.Path}' [{site.OutFeatures}, {site.InFeatures}].");
        }

        var (lambda, gamma) = (module.Part("randlora_lambda", rank, bases), module.Part("randlora_gamma", bases, least));
        var copies = Copies(module, a, b);
        var made = MadeTensors.Smaller(site, [a, b, lambda, gamma], (long)bases * rank, values =>
        {
            RequireEqual(values, copies);
            var (p, q) = (Tall(values.ReadShared(b), b, most, bases, rank), Wide(values, a, lambda, gamma, least));
            return least == site.InFeatures ? new Factors(Scaled(p, scale), q) : new Factors(Transposed(q, least, scale), Transposed(p, bases * rank, 1));
        });
        return MadeTensors.Kept(made, "randlora.1");
    }

    /// <summary>PEFT also writes the shared bases at each module; they must say the same.</summary>
    private static (SafetensorsTensor Copy, SafetensorsTensor Shared)[] Copies(PeftModule module, SafetensorsTensor a, SafetensorsTensor b)
    {
        var copies = new List<(SafetensorsTensor, SafetensorsTensor)>();
        if (module.Has("randlora_A"))
        {
            copies.Add((module.Part("randlora_A", [.. a.Shape]), a));
        }

        if (module.Has("randlora_B"))
        {
            copies.Add((module.Part("randlora_B", [.. b.Shape]), b));
        }

        return [.. copies];
    }

    private static void RequireEqual(TensorValues values, (SafetensorsTensor Copy, SafetensorsTensor Shared)[] copies)
    {
        foreach (var (copy, shared) in copies)
        {
            if (!values.HaveEqualBytes(copy, shared))
            {
                throw StoreErrors.Unservable("copies_differ", $"The tensor '{AdapterNames.Shorten(copy.Name)}' differs from '{shared.Name}', of which it is a copy.");
            }
        }
    }

    private static double[] Tall(double[] b, SafetensorsTensor tensor, int rows, int bases, int rank)
    {
        var stride = (int)tensor.Shape[1] * rank;
        var tall = new double[rows * bases * rank];
        for (var row = 0; row < rows; row++)
        {
            b.AsSpan(row * stride, bases * rank).CopyTo(tall.AsSpan(row * bases * rank));
        }

        return tall;
    }

    private static double[] Wide(TensorValues values, SafetensorsTensor aTensor, SafetensorsTensor lambdaTensor, SafetensorsTensor gammaTensor, int width)
    {
        var (a, lambda, gamma) = (values.ReadShared(aTensor), values.Read(lambdaTensor), values.Read(gammaTensor));
        var (bases, stride) = ((int)gammaTensor.Shape[0], (int)aTensor.Shape[2]);
        var wide = new double[lambda.Length * width];
        for (var i = 0; i < wide.Length; i++)
        {
            var (row, column) = Math.DivRem(i, width);
            wide[i] = lambda[row] * a[(row / bases * stride) + column] * gamma[(row % bases * width) + column];
        }

        return wide;
    }

    private static double[] Scaled(double[] values, double scale) => Array.ConvertAll(values, value => scale * value);

    private static double[] Transposed(double[] matrix, int columns, double scale)
    {
        var rows = matrix.Length / columns;
        var transposed = new double[matrix.Length];
        for (var i = 0; i < matrix.Length; i++)
        {
            transposed[(i % columns * rows) + (i / columns)] = scale * matrix[i];
        }

        return transposed;
    }
}

using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += alpha / r (W1 ⊗ W2) x, each of the two whole or a product of two factors; (U1 V1) ⊗ (U2 V2) = (U1 ⊗ U2) (V1 ⊗ V2), so the rank is
/// exactly the product of the two inner widths.
/// <b>Shapes</b>: W1 [a, b], W2 [c, d] with a c = O and b d = H. <b>Source</b>: PEFT, tuners/lokr.
/// </summary>
internal sealed class LoKr : IPeftMethod
{
    public string Type => "LOKR";

    public string Forms => "low_rank, dense";

    public string Note => "of the product of the factors' ranks, dense where that is larger";

    public ImmutableArray<string> Options =>
    [
        "r", "alpha", "rank_pattern", "alpha_pattern", "rank_dropout", "module_dropout", "rank_dropout_scale", "decompose_both", "decompose_factor",
        "use_effective_conv2d", "init_weights",
    ];

    public ImmutableArray<string> Parts => ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rankOf = adapter.RankBySite();
        var alphaOf = adapter.NumberBySite("alpha", "alpha_pattern");
        return module => Lower(module, alphaOf(module.Site) / rankOf(module.Site));
    }

    private static SiteTensors Lower(PeftModule module, double scale)
    {
        var site = module.Site;
        var (first, second) = (Operand.Of(module, "lokr_w1"), Operand.Of(module, "lokr_w2"));
        if ((long)first.Rows * second.Rows != site.OutFeatures || (long)first.Columns * second.Columns != site.InFeatures)
        {
            throw StoreErrors.Unservable(
                "shape_mismatch",
                $"The Kronecker factors of '{site.Path}' make [{(long)first.Rows * second.Rows}, {(long)first.Columns * second.Columns}]; on this base it must be [{site.OutFeatures}, {site.InFeatures}].");
        }

        return MadeTensors.Smaller(site, [.. first.Tensors, .. second.Tensors], (long)first.Rank * second.Rank, values =>
        {
            var (one, two) = (first.Factors(values), second.Factors(values));
            return new Factors(
                Kronecker(one.Left, first.Rank, two.Left, second.Rows, second.Rank, scale), Kronecker(one.Right, first.Columns, two.Right, second.Rank, second.Columns, 1));
        }, values => Kronecker(first.Whole(values), first.Columns, second.Whole(values), second.Rows, second.Columns, scale));
    }

    /// <summary><b>Shapes</b>: a [any, aColumns], b [bRows, bColumns].</summary>
    private static double[] Kronecker(double[] a, int aColumns, double[] b, int bRows, int bColumns, double scale)
    {
        var product = new double[checked(a.Length * b.Length)];
        var width = aColumns * bColumns;
        for (var i = 0; i < a.Length; i++)
        {
            var (row, column) = Math.DivRem(i, aColumns);
            for (var r = 0; r < bRows; r++)
            {
                DoubleMatrix.AddScaled(product.AsSpan((((row * bRows) + r) * width) + (column * bColumns), bColumns), scale * a[i], b.AsSpan(r * bColumns, bColumns));
            }
        }

        return product;
    }

    /// <summary>One of the two, in the file whole or as two factors.</summary>
    private sealed record Operand(int Rows, int Columns, int Inner, SafetensorsTensor A, SafetensorsTensor? B)
    {
        public int Rank => Math.Min(Inner, Math.Min(Rows, Columns));

        public IEnumerable<SafetensorsTensor> Tensors => B is null ? [A] : [A, B];

        public static Operand Of(PeftModule module, string name)
        {
            if (module.Has(name))
            {
                var whole = module.Part(name, -1, -1);
                return new Operand((int)whole.Shape[0], (int)whole.Shape[1], int.MaxValue, whole, null);
            }

            var a = module.Part(name + "_a", -1, -1);
            var b = module.Part(name + "_b", a.Shape[1], -1);
            return new Operand((int)a.Shape[0], (int)b.Shape[1], (int)a.Shape[1], a, b);
        }

        public double[] Whole(TensorValues values) =>
            B is null ? values.Read(A) : DoubleMatrix.Multiply(values.Read(A), values.Read(B), Rows, Inner, Columns);

        /// <summary>Of the inner width <see cref="Rank"/>: the file's own, or the whole beside the identity.</summary>
        public Factors Factors(TensorValues values)
        {
            if (B is not null && Inner == Rank)
            {
                return new Factors(values.Read(A), values.Read(B));
            }

            var identity = new double[Rank * Rank];
            for (var i = 0; i < Rank; i++)
            {
                identity[i * (Rank + 1)] = 1;
            }

            return Rows <= Columns ? new Factors(identity, Whole(values)) : new Factors(Whole(values), identity);
        }
    }
}

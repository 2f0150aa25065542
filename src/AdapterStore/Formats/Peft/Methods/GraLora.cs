using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// N by N blocks, each a LoRA of rank r / N, and beside them, in the hybrid form, a plain LoRA over all.
/// <b>Semantics</b>: the block of outputs m and inputs n is s B[m, n]ᵀ A[n, m]ᵀ, s = alpha / (r + hybrid_r); exactly of rank N r with block-sparse factors.
/// <b>Shapes</b>: A [N, H / N, r], B [N, r, O / N]; A[n, m] and B[m, n] are runs of r / N ranks. <b>Source</b>: PEFT, tuners/gralora.
/// </summary>
internal sealed class GraLora : IPeftMethod
{
    public string Type => "GRALORA";

    public string Forms => "low_rank, dense";

    public string Note => "of rank r `gralora_k` (+ `hybrid_r`), dense where that is larger";

    public ImmutableArray<string> Options => ["r", "hybrid_r", "alpha", "gralora_dropout", "gralora_k", "init_weights"];

    public ImmutableArray<string> Parts => ["gralora_A", "gralora_B", "gralora_A_general.weight", "gralora_B_general.weight"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        var blocks = adapter.Positive("gralora_k");
        var hybrid = adapter.Config.IntOr("hybrid_r", 0);
        if (rank % blocks != 0 || hybrid < 0)
        {
            throw PeftAdapter.OutOfRange(hybrid < 0 ? "hybrid_r" : "gralora_k");
        }

        var scale = adapter.Config.RequiredNumber("alpha") / ((double)rank + hybrid);
        return module => Lower(module, new Layout(module.Site, blocks, rank, hybrid, scale));
    }

    private static SiteTensors Lower(PeftModule module, Layout layout)
    {
        var (site, blocks, rank, hybrid, _) = layout;
        if (site.InFeatures % blocks != 0 || site.OutFeatures % blocks != 0)
        {
            throw PeftAdapter.OutOfRange("gralora_k");
        }

        var a = module.Part("gralora_A", blocks, site.InFeatures / blocks, rank);
        var b = module.Part("gralora_B", blocks, rank, site.OutFeatures / blocks);
        if (hybrid == 0)
        {
            return MadeTensors.Smaller(
                site, [a, b], layout.Rank, values => layout.Blocks(values.Read(a), values.Read(b)), values => layout.Whole(values.Read(a), values.Read(b)));
        }

        var generalA = module.Part("gralora_A_general.weight", hybrid, site.InFeatures);
        var generalB = module.Part("gralora_B_general.weight", site.OutFeatures, hybrid);
        return MadeTensors.Smaller(
            site,
            [a, b, generalA, generalB],
            layout.Rank,
            values => layout.AddGeneral(layout.Blocks(values.Read(a), values.Read(b)), values.Read(generalA), values.Read(generalB)),
            values => layout.AddGeneral(layout.Whole(values.Read(a), values.Read(b)), values.Read(generalA), values.Read(generalB)));
    }

    /// <summary>Inner ranks are ordered by output block m, input block n, rank q within; the general ones follow.</summary>
    private sealed record Layout(Site Site, int N, int BlockRank, int Hybrid, double Scale)
    {
        private int Inputs => Site.InFeatures / N;

        private int Outputs => Site.OutFeatures / N;

        private int Inner => BlockRank / N;

        public long Rank => ((long)N * BlockRank) + Hybrid;

        public Factors Blocks(double[] a, double[] b)
        {
            var rank = (int)Rank;
            var (left, right) = (new double[Site.OutFeatures * rank], new double[rank * Site.InFeatures]);
            for (var m = 0; m < N; m++)
            {
                for (var inner = 0; inner < BlockRank; inner++)
                {
                    var (at, n, q) = ((m * BlockRank) + inner, inner / Inner, inner % Inner);
                    for (var i = 0; i < Inputs; i++)
                    {
                        right[(at * Site.InFeatures) + (n * Inputs) + i] = a[(((n * Inputs) + i) * BlockRank) + (m * Inner) + q];
                    }

                    for (var o = 0; o < Outputs; o++)
                    {
                        left[(((m * Outputs) + o) * rank) + at] = Scale * b[(at * Outputs) + o];
                    }
                }
            }

            return new Factors(left, right);
        }

        public double[] Whole(double[] a, double[] b)
        {
            var whole = new double[Site.OutFeatures * Site.InFeatures];
            for (var i = 0; i < whole.Length; i++)
            {
                var (row, column) = Math.DivRem(i, Site.InFeatures);
                var (m, n) = (row / Outputs, column / Inputs);
                for (var q = 0; q < Inner; q++)
                {
                    whole[i] += Scale * a[(column * BlockRank) + (m * Inner) + q] * b[(((m * BlockRank) + (n * Inner) + q) * Outputs) + (row % Outputs)];
                }
            }

            return whole;
        }

        public Factors AddGeneral(Factors blocks, double[] a, double[] b)
        {
            var first = N * BlockRank;
            a.CopyTo(blocks.Right, first * Site.InFeatures);
            for (var i = 0; i < b.Length; i++)
            {
                blocks.Left[(i / Hybrid * (int)Rank) + first + (i % Hybrid)] = Scale * b[i];
            }

            return blocks;
        }

        public double[] AddGeneral(double[] whole, double[] a, double[] b)
        {
            DoubleMatrix.AddScaled(whole, Scale, DoubleMatrix.Multiply(b, a, Site.OutFeatures, Hybrid, Site.InFeatures));
            return whole;
        }
    }
}

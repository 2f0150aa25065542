using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += alpha / r ((U1 V1) ∘ (U2 V2)) x, exactly of rank r² by face-splitting products: row (i, j) of the right factor is V1[i] ∘ V2[j],
/// column (i, j) of the left one U1[:, i] ∘ U2[:, j].
/// <b>Shapes</b>: U [O, R], V [R, H]. <b>Source</b>: PEFT, tuners/loha; the factors are ours.
/// </summary>
internal sealed class LoHa : IPeftMethod
{
    public string Type => "LOHA";

    public string Forms => "low_rank, dense";

    public string Note => "of rank r², dense where that is larger";

    public ImmutableArray<string> Options =>
        ["r", "alpha", "rank_pattern", "alpha_pattern", "rank_dropout", "module_dropout", "use_effective_conv2d", "init_weights"];

    public ImmutableArray<string> Parts => ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rankOf = adapter.RankBySite();
        var alphaOf = adapter.NumberBySite("alpha", "alpha_pattern");
        return module => Lower(module, rankOf(module.Site), alphaOf(module.Site));
    }

    private static SiteTensors Lower(PeftModule module, int rank, double alpha)
    {
        var (outFeatures, inFeatures) = (module.Site.OutFeatures, module.Site.InFeatures);
        var (u1, u2) = (module.Part("hada_w1_a", outFeatures, rank), module.Part("hada_w2_a", outFeatures, rank));
        var (v1, v2) = (module.Part("hada_w1_b", rank, inFeatures), module.Part("hada_w2_b", rank, inFeatures));
        var scale = alpha / rank;
        return MadeTensors.Smaller(
            module.Site,
            [u1, u2, v1, v2],
            (long)rank * rank,
            values => new Factors(Columns(values.Read(u1), values.Read(u2), rank, scale), Rows(values.Read(v1), values.Read(v2), rank, inFeatures)),
            values => Whole(
                DoubleMatrix.Multiply(values.Read(u1), values.Read(v1), outFeatures, rank, inFeatures),
                DoubleMatrix.Multiply(values.Read(u2), values.Read(v2), outFeatures, rank, inFeatures),
                scale));
    }

    private static double[] Columns(double[] first, double[] second, int rank, double scale)
    {
        var columns = new double[first.Length * rank];
        for (var i = 0; i < columns.Length; i++)
        {
            var (row, pair) = Math.DivRem(i, rank * rank);
            columns[i] = scale * first[(row * rank) + (pair / rank)] * second[(row * rank) + (pair % rank)];
        }

        return columns;
    }

    private static double[] Rows(double[] first, double[] second, int rank, int width)
    {
        var rows = new double[first.Length * rank];
        for (var i = 0; i < rows.Length; i++)
        {
            var (pair, column) = Math.DivRem(i, width);
            rows[i] = first[(pair / rank * width) + column] * second[(pair % rank * width) + column];
        }

        return rows;
    }

    private static double[] Whole(double[] first, double[] second, double scale)
    {
        for (var i = 0; i < first.Length; i++)
        {
            first[i] *= scale * second[i];
        }

        return first;
    }
}

using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += Mᵀ f, where f[j] sums x over all i with i mod R = j; <c>mini</c> repeats the columns of M; <c>bat</c> adds W[·, k] M[o] + M[o] to each
/// block of R by R of the base's W.
/// <b>Shapes</b>: M [R, O], mini [R, mini_r], bat [O / R, R, R]. <b>Source</b>: PEFT, tuners/miss.
/// </summary>
internal sealed class Miss : IPeftMethod
{
    private const string Block = "miss_block";

    public string Type => "MISS";

    public string Forms => "low_rank, dense";

    public string Note => "`bat`: dense, with the base's weights";

    public ImmutableArray<string> Options => ["r", "miss_dropout", "mini_r", "init_weights"];

    public ImmutableArray<string> Parts => [Block];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        var start = adapter.Config.Find("init_weights") is { ValueKind: System.Text.Json.JsonValueKind.String } ? adapter.Config.Text("init_weights") : null;
        switch (start)
        {
            case "bat":
                return module => Bat(module, rank);
            case "mini":
                var mini = adapter.Positive("mini_r");
                return module => module.Site.OutFeatures % mini == 0 ? Folded(module, rank, mini) : throw PeftAdapter.OutOfRange("mini_r");
            default:
                return module => Folded(module, rank, module.Site.OutFeatures);
        }
    }

    private static SiteTensors Folded(PeftModule module, int rank, int columns)
    {
        var site = module.Site;
        var block = module.Part(Block, rank, columns);
        return MadeTensors.Smaller(site, [block], rank, values =>
        {
            var source = values.Read(block);
            var right = new double[rank * site.InFeatures];
            for (var i = 0; i < site.InFeatures; i++)
            {
                right[(i % rank * site.InFeatures) + i] = 1;
            }

            var left = new double[site.OutFeatures * rank];
            for (var i = 0; i < left.Length; i++)
            {
                left[i] = source[(i % rank * columns) + (i / rank % columns)];
            }

            return new Factors(left, right);
        });
    }

    private static MadeDenseTensors Bat(PeftModule module, int rank)
    {
        var site = module.Site;
        if (site.OutFeatures % rank != 0 || site.InFeatures % rank != 0)
        {
            throw PeftAdapter.OutOfRange("r");
        }

        var block = module.Part(Block, site.OutFeatures / rank, rank, rank);
        return new MadeDenseTensors(site, [block], DenseMode.Add, values => BatDelta(values.Read(block), values.BaseWeight(site), site, rank));
    }

    private static double[] BatDelta(double[] blocks, float[] weight, Site site, int rank)
    {
        var delta = new double[weight.Length];
        for (var row = 0; row < site.OutFeatures; row++)
        {
            var block = blocks.AsSpan(row / rank * rank * rank, rank * rank);
            for (var column = 0; column < site.InFeatures; column += rank)
            {
                var target = delta.AsSpan((row * site.InFeatures) + column, rank);
                block.Slice(row % rank * rank, rank).CopyTo(target);
                for (var k = 0; k < rank; k++)
                {
                    DoubleMatrix.AddScaled(target, weight[(row * site.InFeatures) + column + k], block.Slice(k * rank, rank));
                }
            }
        }

        return delta;
    }
}

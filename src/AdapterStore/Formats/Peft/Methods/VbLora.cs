using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += B (A x), both put together from pieces of length L, each a softmax mixture of the best k vectors of a bank that all modules share.
/// <b>Shapes</b>: bank [V, L]; logits of A [R, H / L, V] and of B [O / L, R, V], or of each the best k's indices [.., k] with all weights but the last [.., k - 1].
/// <b>Source</b>: PEFT, tuners/vblora.
/// </summary>
internal sealed class VbLora : IPeftMethod
{
    private const string A = "vblora_logits_A";
    private const string B = "vblora_logits_B";
    private const string Weights = "_topk_weights";
    private const string Indices = "_topk_indices";

    public string Type => "VBLORA";

    public string Forms => "low_rank";

    public string Note => "logits, or `save_only_topk_weights`";

    public ImmutableArray<string> Options =>
        ["r", "num_vectors", "vector_length", "topk", "save_only_topk_weights", "vblora_dropout", "init_vector_bank_bound", "init_logits_std"];

    public ImmutableArray<string> Parts => [A, A + Weights, A + Indices, B, B + Weights, B + Indices];

    public ImmutableArray<string> Shared => ["vblora_vector_bank"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var (rank, length) = (adapter.Rank(), adapter.Positive("vector_length"));
        var (vectors, best) = (adapter.Positive("num_vectors"), adapter.Positive("topk"));
        var bank = adapter.Shared("vblora_vector_bank", "save the adapter with PEFT's save_pretrained", vectors, length);
        var bestOnly = adapter.Config.Flag("save_only_topk_weights");
        return best <= vectors ? module => Lower(module, rank, new Mixture(bank, vectors, length, best, bestOnly)) : throw PeftAdapter.OutOfRange("topk");
    }

    private static SiteTensors Lower(PeftModule module, int rank, Mixture mixture)
    {
        var site = module.Site;
        var length = mixture.Length;
        if (site.InFeatures % length != 0 || site.OutFeatures % length != 0)
        {
            throw PeftAdapter.OutOfRange("vector_length");
        }

        var (inTiles, outTiles) = (site.InFeatures / length, site.OutFeatures / length);
        var (a, b) = (mixture.Of(module, A, rank, inTiles), mixture.Of(module, B, outTiles, rank));
        return MadeTensors.Smaller(site, [.. a, .. b, mixture.Bank], rank, values =>
        {
            var pieces = mixture.Pieces(values, b);
            var left = new double[site.OutFeatures * rank];
            for (var i = 0; i < left.Length; i++)
            {
                var (row, r) = Math.DivRem(i, rank);
                left[i] = pieces[(((row / length * rank) + r) * length) + (row % length)];
            }

            return new Factors(left, mixture.Pieces(values, a));
        });
    }

    /// <summary>How pieces are mixed from the bank; a piece's tensors are its logits, or its weights and indices.</summary>
    private sealed record Mixture(SafetensorsTensor Bank, int Vectors, int Length, int Best, bool BestOnly)
    {
        public SafetensorsTensor[] Of(PeftModule module, string name, long rows, long columns) => BestOnly
            ? [.. Best > 1 ? [module.Part(name + Weights, rows, columns, Best - 1)] : Array.Empty<SafetensorsTensor>(), module.IndexPart(name + Indices, rows, columns, Best)]
            : [module.Part(name, rows, columns, Vectors)];

        public double[] Pieces(TensorValues values, SafetensorsTensor[] tensors)
        {
            var (indices, weights) = BestOnly ? Saved(values, tensors) : Chosen(values.Read(tensors[0]));
            var bank = values.ReadShared(Bank);
            var pieces = new double[indices.Length / Best * Length];
            for (var i = 0; i < indices.Length; i++)
            {
                DoubleMatrix.AddScaled(pieces.AsSpan(i / Best * Length, Length), weights[i], bank.AsSpan(indices[i] * Length, Length));
            }

            return pieces;
        }

        private (int[] Indices, double[] Weights) Saved(TensorValues values, SafetensorsTensor[] tensors)
        {
            var indices = values.ReadIndices(tensors[^1], Vectors);
            double[] saved = Best > 1 ? values.Read(tensors[0]) : [];
            var weights = new double[indices.Length];
            for (var piece = 0; piece < indices.Length / Best; piece++)
            {
                var rest = 1.0;
                for (var k = 0; k < Best - 1; k++)
                {
                    rest -= weights[(piece * Best) + k] = saved[(piece * (Best - 1)) + k];
                }

                weights[(piece * Best) + Best - 1] = rest;
            }

            return (indices, weights);
        }

        private (int[] Indices, double[] Weights) Chosen(double[] logits)
        {
            var pieces = logits.Length / Vectors;
            var (indices, weights) = (new int[pieces * Best], new double[pieces * Best]);
            var order = new int[Vectors];
            for (var piece = 0; piece < pieces; piece++)
            {
                var own = logits.AsMemory(piece * Vectors, Vectors);
                for (var i = 0; i < Vectors; i++)
                {
                    order[i] = i;
                }

                Array.Sort(order, (x, y) => own.Span[y].CompareTo(own.Span[x]) is var by && by != 0 ? by : x.CompareTo(y));
                var sum = 0.0;
                for (var k = 0; k < Best; k++)
                {
                    indices[(piece * Best) + k] = order[k];
                    sum += weights[(piece * Best) + k] = Math.Exp(own.Span[order[k]] - own.Span[order[0]]);
                }

                for (var k = 0; k < Best; k++)
                {
                    weights[(piece * Best) + k] /= sum;
                }
            }

            return (indices, weights);
        }
    }
}

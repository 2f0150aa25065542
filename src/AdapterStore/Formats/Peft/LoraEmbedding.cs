using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// A LoRA on the embedding: e += s B A[:, id].
/// <b>Shapes</b>: A [R, vocabulary], B [width, R].
/// <b>Errors</b>: Unservable <c>lone_factor</c>, <c>rank_mismatch</c>, <c>shape_mismatch</c>, <c>dora</c>, <c>lora_bias</c>.
/// <b>Source</b>: PEFT, tuners/lora, Embedding.
/// </summary>
internal static class LoraEmbedding
{
    public static LowRankRowsTensors Of(LoraModule module, LoraManifest manifest, PatternBudget budget)
    {
        var site = module.Site;
        if (!module.Parts.TryGetValue(LoraPart.EmbeddingA, out var a) || !module.Parts.TryGetValue(LoraPart.EmbeddingB, out var b))
        {
            throw StoreErrors.Unservable("lone_factor", $"The file has only one of lora_embedding_A and lora_embedding_B for '{site.Path}'.");
        }

        if (manifest.UseDora || manifest.HasBias)
        {
            throw StoreErrors.Unservable(
                manifest.UseDora ? "dora" : "lora_bias", $"A LoRA on '{site.Path}' is not served together with use_dora or lora_bias; leave the embedding out of target_modules.");
        }

        var rank = LoraResolver.RequireRank(site, a, manifest, budget);
        LoraResolver.RequireShape(a, rank, site.InFeatures);
        LoraResolver.RequireShape(b, site.OutFeatures, rank);
        return new LowRankRowsTensors(site, a, b, rank, LoraResolver.ScaleOf(site, rank, manifest, budget));
    }

    /// <summary>
    /// The same LoRA at a head that <c>ensure_weight_tying</c> ties to the embedding: y += s Aᵀ (Bᵀ x), rank and scale as the configuration gives them for the head.
    /// </summary>
    public static SiteTensors AtHead(LowRankRowsTensors embedding, Site head, LoraManifest manifest, PatternBudget budget)
    {
        var rank = LoraResolver.RequireRank(head, embedding.A, manifest, budget);
        var scale = (double)LoraResolver.ScaleOf(head, rank, manifest, budget);
        return new MadeLowRankTensors(head, [embedding.A, embedding.B], rank, Make);

        Factors Make(TensorValues values)
        {
            var (left, right) = (Turned(values.Read(embedding.A), rank, head.OutFeatures), Turned(values.Read(embedding.B), head.InFeatures, rank));
            return new Factors(Array.ConvertAll(left, value => value * scale), right);
        }
    }

    private static double[] Turned(double[] matrix, int rows, int columns)
    {
        var turned = new double[matrix.Length];
        for (var i = 0; i < matrix.Length; i++)
        {
            turned[(i % columns * rows) + (i / columns)] = matrix[i];
        }

        return turned;
    }
}

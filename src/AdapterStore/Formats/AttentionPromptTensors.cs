using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>A layer's attention as the base computes it: its projections and the size of a head.</summary>
internal sealed record AttentionSites(Site Output, Site Key, Site Value, int Heads, int HeadSize)
{
    public int KvHeads => Key.OutFeatures / HeadSize;
}

/// <summary>
/// LLaMA-Adapter's prompt of a layer: keys and values are the base's projections of it, biases included, computed when the adapter is lowered.
/// <b>Shapes</b>: Prompt [1, Count, hidden], Gate [1]. <b>Source</b>: arXiv:2303.16199, PEFT, tuners/adaption_prompt.
/// </summary>
internal sealed record AttentionPromptTensors(AttentionSites Attention, SafetensorsTensor Prompt, SafetensorsTensor Gate, int Count)
    : ComputedTensors(Attention.Output, FormKind.AttentionPrompt)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Prompt, Gate];

    public override long LargestElements => Math.Max((long)Attention.Key.InFeatures * Attention.Key.OutFeatures, base.LargestElements);

    public override long LoweredBytes => AttentionPromptWeights.BytesOf(Attention.KvHeads, Attention.HeadSize, Count);

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var prompt = source.Read(Prompt);
        var (keys, values) = (Project(source, Attention.Key, prompt), Project(source, Attention.Value, prompt));
        return AttentionPromptWeights.Pack(arena, Attention.Heads, Attention.KvHeads, Attention.HeadSize, keys, values, source.Read(Gate)[0]);
    }

    /// <summary>[Count, out] in f64, rounded once.</summary>
    private float[] Project(LoweringSource source, Site site, float[] prompt)
    {
        var weight = source.BaseWeight(site);
        var bias = new float[site.OutFeatures];
        source.BaseWeights.TryReadBias(site, bias);
        var projected = new float[Count * site.OutFeatures];
        for (var i = 0; i < projected.Length; i++)
        {
            var (row, output) = Math.DivRem(i, site.OutFeatures);
            var x = prompt.AsSpan(row * site.InFeatures, site.InFeatures);
            var w = weight.AsSpan(output * site.InFeatures, site.InFeatures);
            double sum = bias[output];
            for (var h = 0; h < x.Length; h++)
            {
                sum += (double)x[h] * w[h];
            }

            projected[i] = (float)sum;
        }

        return FiniteCheck.IsFinite(projected)
            ? projected
            : throw StoreErrors.Unservable("not_finite", $"What the adapter adds to '{Site.Path}' is beyond the range of 32-bit floats.");
    }
}

/// <summary>y += the base's bias: PEFT projects the prompt's part by itself, which adds the projection's bias once more.</summary>
internal sealed record RepeatedBias(Site Site) : ComputedTensors(Site, FormKind.OutputBias)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [];

    public override long LoweredBytes => sizeof(float) * (long)Site.OutFeatures;

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var bias = new float[Site.OutFeatures];
        source.BaseWeights.TryReadBias(Site, bias);
        return LoweringSource.PackVector(arena, Site, Form, bias);
    }
}

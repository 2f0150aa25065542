using System.Collections.Frozen;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Quantized;

/// <summary>The linears of a model that its checkpoint holds packed.</summary>
internal sealed class PackedLinears
{
    private readonly FrozenDictionary<string, PackedLinear> _byWeight;

    private PackedLinears(IEnumerable<PackedLinear> linears) =>
        _byWeight = linears.ToFrozenDictionary(linear => $"{linear.Path}.weight", StringComparer.Ordinal);

    /// <summary>The packed linear in place of the tensor of that name.</summary>
    public PackedLinear? Find(string weight) => _byWeight.GetValueOrDefault(weight);

    /// <param name="model">Its packed linears are [out, in], whatever the family's others are, and have the biases that packers add.</param>
    /// <param name="packing">What the configuration says; null for nothing.</param>
    /// <param name="checkpoint">The tensors.</param>
    /// <exception cref="ModelImportException">The configuration calls for packed linears and there are none, or one can't be read.</exception>
    public static PackedLinears Find(ref DecoderModel model, QuantizationConfig? packing, CheckpointTensors checkpoint)
    {
        if (packing is null)
        {
            return new PackedLinears([]);
        }

        var tensors = checkpoint.Tensors;
        model = model.WithLinears(linear => IsPacked(linear)
            ? linear with { IsTransposed = false, HasBias = linear.HasBias || tensors.ContainsKey(linear.Path + ".bias") }
            : linear);
        var packed = model.LayerLinears.Append(model.Head).Where(IsPacked).ToList();
        return packed.Count > 0
            ? new PackedLinears(packed.ConvertAll(linear => new PackedLinear(linear.Path, linear.In, linear.Out, packing, tensors)))
            : throw new ModelImportException(
                "quantized_tensor", $"config.json has a {QuantizationConfigReader.Field}, but no linear of the checkpoint is packed.");

        bool IsPacked(Linear linear) => tensors.ContainsKey($"{linear.Path}.{PackedLinear.WeightName}");
    }
}

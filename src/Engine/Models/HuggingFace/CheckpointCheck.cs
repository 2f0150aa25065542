using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.HuggingFace.Quantized;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>The check that a checkpoint has the tensors of its model, each of the right shape, and no others.</summary>
internal static class CheckpointCheck
{
    /// <summary>Buffers that older libraries saved beside the weights; they are computed here.</summary>
    private static readonly string[] s_buffers = [".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias"];

    public static void Require(DecoderModel model, CheckpointTensors checkpoint, PackedLinears packed)
    {
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in DecoderTensors.Of(model))
        {
            if (packed.Find(tensor.Name) is { } linear)
            {
                expected.UnionWith(linear.TensorNames);
                continue;
            }

            expected.Add(tensor.Name);
            RequireOne(tensor, checkpoint.Tensors.GetValueOrDefault(tensor.Name));
        }

        foreach (var (name, found) in checkpoint.Tensors)
        {
            if (model.TiedEmbeddings && name == model.Head.Weight)
            {
                RequireTied(name, checkpoint.Tensors[model.EmbeddingWeight], found);
            }
            else if (!expected.Contains(name) && !s_buffers.Any(buffer => name.EndsWith(buffer, StringComparison.Ordinal)))
            {
                throw new ModelImportException(
                    "tensor_surplus", $"The checkpoint holds '{name}', for which a {model.Architecture} of this configuration has no place.");
            }
        }
    }

    private static void RequireOne(ModelTensor expected, CheckpointTensor? found)
    {
        if (found is null)
        {
            throw new ModelImportException("tensor_missing", $"The checkpoint lacks '{expected.Name}', which its configuration calls for.");
        }

        if (!found.Tensor.HasShape(expected.Shape.AsSpan()))
        {
            throw new ModelImportException(
                "tensor_shape",
                $"'{expected.Name}' has the shape [{string.Join(", ", found.Tensor.Shape)}]; the configuration calls for [{string.Join(", ", expected.Shape)}].");
        }

        if (found.Tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16))
        {
            throw new ModelImportException("tensor_dtype", $"'{expected.Name}' holds {found.Tensor.DType}; f32, bf16 and f16 are read.");
        }
    }

    private static void RequireTied(string name, CheckpointTensor embedding, CheckpointTensor head)
    {
        const int chunk = 1 << 24;
        var (first, second) = (embedding.Tensor, head.Tensor);
        var equal = first.DType == second.DType && second.HasShape(first.Shape.AsSpan());
        for (var done = 0L; equal && done < first.Bytes; done += chunk)
        {
            var count = (int)Math.Min(chunk, first.Bytes - done);
            equal = embedding.File.Mapped.Slice(first.Offset + done, count).SequenceEqual(head.File.Mapped.Slice(second.Offset + done, count));
        }

        if (!equal)
        {
            throw new ModelImportException(
                "tied_head_differs", $"The configuration ties the head to the embedding, but '{name}' is in the checkpoint and differs from it.");
        }
    }
}

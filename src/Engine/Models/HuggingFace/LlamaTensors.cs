using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>Which tensors a Llama checkpoint must have, and the check that it has them and no others.</summary>
internal static class LlamaTensors
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    /// <summary>In the order in which the graph uses them. A tied head is the embedding and stands here once.</summary>
    public static IEnumerable<ExpectedTensor> Expected(ModelConfig config)
    {
        long hidden = config.HiddenSize, ffn = config.FeedForwardSize, vocabulary = config.VocabularySize;
        yield return new(Embedding, [vocabulary, hidden]);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var at = $"model.layers.{layer}.";
            yield return new(at + "input_layernorm.weight", [hidden]);
            foreach (var tensor in Attention(config, at + "self_attn."))
            {
                yield return tensor;
            }

            yield return new(at + "post_attention_layernorm.weight", [hidden]);
            foreach (var (name, output, input) in new[] { ("gate_proj", ffn, hidden), ("up_proj", ffn, hidden), ("down_proj", hidden, ffn) })
            {
                foreach (var tensor in Linear($"{at}mlp.{name}", output, input, config.FeedForwardBias))
                {
                    yield return tensor;
                }
            }
        }

        yield return new(FinalNorm, [hidden]);
        if (!config.TiedEmbeddings)
        {
            yield return new(Head, [vocabulary, hidden]);
        }
    }

    public static void Check(ModelConfig config, CheckpointTensors checkpoint)
    {
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in Expected(config))
        {
            expected.Add(tensor.Name);
            CheckOne(tensor, checkpoint.Tensors.GetValueOrDefault(tensor.Name));
        }

        foreach (var (name, found) in checkpoint.Tensors)
        {
            if (config.TiedEmbeddings && name == Head)
            {
                CheckTied(checkpoint.Tensors[Embedding], found);
            }
            else if (!expected.Contains(name) && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
            {
                throw new ModelImportException("tensor_surplus", $"The checkpoint holds '{name}', for which a LlamaForCausalLM of this configuration has no place.");
            }
        }
    }

    private static IEnumerable<ExpectedTensor> Attention(ModelConfig config, string at)
    {
        long hidden = config.HiddenSize;
        return Linear(at + "q_proj", config.QuerySize, hidden, config.AttentionBias)
            .Concat(Linear(at + "k_proj", config.KvSize, hidden, config.AttentionBias))
            .Concat(Linear(at + "v_proj", config.KvSize, hidden, config.AttentionBias))
            .Concat(Linear(at + "o_proj", hidden, config.QuerySize, config.AttentionBias));
    }

    private static IEnumerable<ExpectedTensor> Linear(string path, long output, long input, bool bias)
    {
        yield return new(path + ".weight", [output, input]);
        if (bias)
        {
            yield return new(path + ".bias", [output]);
        }
    }

    private static void CheckOne(ExpectedTensor expected, CheckpointTensor? found)
    {
        if (found is null)
        {
            throw new ModelImportException("tensor_missing", $"The checkpoint lacks '{expected.Name}', which its configuration calls for.");
        }

        if (!found.Tensor.HasShape(expected.Shape.AsSpan()))
        {
            throw new ModelImportException(
                "tensor_shape", $"'{expected.Name}' has the shape [{string.Join(", ", found.Tensor.Shape)}]; the configuration calls for [{string.Join(", ", expected.Shape)}].");
        }

        if (found.Tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16))
        {
            throw new ModelImportException("tensor_dtype", $"'{expected.Name}' holds {found.Tensor.DType}; f32, bf16 and f16 are read.");
        }
    }

    private static void CheckTied(CheckpointTensor embedding, CheckpointTensor head)
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
            throw new ModelImportException("tied_head_differs", $"The configuration ties the head to the embedding, but '{Head}' is in the checkpoint and differs from it.");
        }
    }
}

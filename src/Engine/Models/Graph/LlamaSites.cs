using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>The sites of a Llama model in the order in which a step passes them.</summary>
internal static class LlamaSites
{
    public static ImmutableArray<Site> Of(ModelConfig config)
    {
        var sites = ImmutableArray.CreateBuilder<Site>();
        int hidden = config.HiddenSize, ffn = config.FeedForwardSize, vocabulary = config.VocabularySize;
        Add("model.embed_tokens", SiteKind.Embedding, vocabulary, hidden);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var at = $"model.layers.{layer}.";
            Add(at + "input_layernorm", SiteKind.Norm, hidden, hidden);
            Add(at + "self_attn.q_proj", SiteKind.Linear, hidden, config.QuerySize);
            Add(at + "self_attn.k_proj", SiteKind.Linear, hidden, config.KvSize);
            Add(at + "self_attn.v_proj", SiteKind.Linear, hidden, config.KvSize);
            Add(at + "self_attn.o_proj", SiteKind.Linear, config.QuerySize, hidden);
            Add(at + "self_attn", SiteKind.Sublayer, hidden, hidden);
            Add(at + "post_attention_layernorm", SiteKind.Norm, hidden, hidden);
            Add(at + "mlp.gate_proj", SiteKind.Linear, hidden, ffn);
            Add(at + "mlp.up_proj", SiteKind.Linear, hidden, ffn);
            Add(at + "mlp.down_proj", SiteKind.Linear, ffn, hidden);
            Add(at + "mlp", SiteKind.Sublayer, hidden, hidden);
        }

        Add("model.norm", SiteKind.Norm, hidden, hidden);
        Add("lm_head", SiteKind.Head, hidden, vocabulary);
        return sites.ToImmutable();

        void Add(string path, SiteKind kind, int input, int output) => sites.Add(new Site(sites.Count, path, kind, input, output));
    }
}

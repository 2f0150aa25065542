using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Base models as the store sees them.</summary>
internal static class Bases
{
    public const string Fingerprint = "sha256:b0";

    /// <summary>The shapes of the demo model.</summary>
    public static BaseModel Demo { get; } = Llama("demo-llama", Fingerprint, layers: 4, hidden: 256, keys: 128, inner: 640, vocabulary: 1024);

    /// <summary>Two narrow layers, for files made by tests.</summary>
    public static BaseModel Small { get; } = SmallWith(Fingerprint);

    public static BaseModel SmallWith(string fingerprint) => Llama("base", fingerprint, layers: 2, hidden: 8, keys: 4, inner: 12, vocabulary: 16);

    public static BaseModel Llama(string id, string fingerprint, int layers, int hidden, int keys, int inner, int vocabulary)
    {
        var sites = ImmutableArray.CreateBuilder<Site>();
        void Add(string path, SiteKind kind, int inFeatures, int outFeatures) => sites.Add(new Site(sites.Count, path, kind, inFeatures, outFeatures));
        Add("model.embed_tokens", SiteKind.Embedding, vocabulary, hidden);
        for (var i = 0; i < layers; i++)
        {
            var layer = $"model.layers.{i}.";
            Add(layer + "input_layernorm", SiteKind.Norm, hidden, hidden);
            Add(layer + "self_attn.q_proj", SiteKind.Linear, hidden, hidden);
            Add(layer + "self_attn.k_proj", SiteKind.Linear, hidden, keys);
            Add(layer + "self_attn.v_proj", SiteKind.Linear, hidden, keys);
            Add(layer + "self_attn.o_proj", SiteKind.Linear, hidden, hidden);
            Add(layer + "self_attn", SiteKind.Sublayer, hidden, hidden);
            Add(layer + "post_attention_layernorm", SiteKind.Norm, hidden, hidden);
            Add(layer + "mlp.gate_proj", SiteKind.Linear, hidden, inner);
            Add(layer + "mlp.up_proj", SiteKind.Linear, hidden, inner);
            Add(layer + "mlp.down_proj", SiteKind.Linear, inner, hidden);
            Add(layer + "mlp", SiteKind.Sublayer, hidden, hidden);
        }

        Add("model.norm", SiteKind.Norm, hidden, hidden);
        Add("lm_head", SiteKind.Head, hidden, vocabulary);
        return new BaseModel(id, fingerprint, sites.ToImmutable()) { Layers = layers, KvHeads = keys / 4, HeadSize = 4 };
    }
}

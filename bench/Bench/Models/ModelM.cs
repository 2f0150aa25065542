namespace AdapterServe.Bench.Models;

/// <summary>The sizes of the benchmarks' model: Llama architecture, 415 million parameters with 24 layers.</summary>
internal static class ModelM
{
    public const int Layers = 24;
    public const int Hidden = 896;
    public const int Heads = 14;
    public const int KvHeads = 2;
    public const int HeadSize = 64;
    public const int FeedForward = 4864;
    public const int Vocabulary = 32000;
    public const int Context = 4096;

    /// <summary>The linears of a layer: module path in the layer, outputs, inputs.</summary>
    public static (string Path, int Out, int In)[] Linears { get; } =
    [
        ("self_attn.q_proj", Heads * HeadSize, Hidden),
        ("self_attn.k_proj", KvHeads * HeadSize, Hidden),
        ("self_attn.v_proj", KvHeads * HeadSize, Hidden),
        ("self_attn.o_proj", Hidden, Heads * HeadSize),
        ("mlp.gate_proj", FeedForward, Hidden),
        ("mlp.up_proj", FeedForward, Hidden),
        ("mlp.down_proj", Hidden, FeedForward),
    ];
}

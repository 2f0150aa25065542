using System.Collections.Frozen;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>What the graph of a <c>model.type</c> does not say of the Hugging Face class that it was made from.</summary>
/// <param name="Type">As <c>genai_config.json</c> names it.</param>
/// <param name="FusesProjections">Whether the class has one linear <c>qkv_proj</c> and one <c>gate_up_proj</c> where others have three and
/// two.</param>
/// <param name="HasOffsetNorms">Whether the class multiplies by 1 + w; the graph holds the sum.</param>
internal sealed record GenAiFamily(string Type, bool FusesProjections = false, bool HasOffsetNorms = false)
{
    private static readonly FrozenDictionary<string, GenAiFamily> Known = new GenAiFamily[]
    {
        new("llama"), new("mistral"), new("qwen2"), new("qwen3"), new("smollm3"), new("granite"),
        new("gemma", HasOffsetNorms: true), new("gemma2", HasOffsetNorms: true), new("gemma3_text", HasOffsetNorms: true),
        new("phi3", FusesProjections: true),
    }.ToFrozenDictionary(family => family.Type, StringComparer.Ordinal);

    public static string Types => string.Join(", ", Known.Keys.Order(StringComparer.Ordinal));

    public static GenAiFamily? Find(string type) => Known.GetValueOrDefault(type);

    /// <summary>
    /// The module of the Hugging Face class that a node belongs to: its name without the slash before it and the operation behind it.
    /// Example: <c>/model/layers.3/attn/q_proj/MatMul</c> is <c>model.layers.3.self_attn.q_proj</c>; empty where the name has no such form.
    /// </summary>
    public static string ModuleOf(string node)
    {
        var end = node.LastIndexOf('/');
        if (end <= 0 || node[0] != '/')
        {
            return "";
        }

        var path = node[1..end].Replace('/', '.').Replace(".attn.", ".self_attn.", StringComparison.Ordinal);
        return path.EndsWith(".final_norm_layernorm", StringComparison.Ordinal) ? "model.norm" : path;
    }
}

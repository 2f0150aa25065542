using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Tests.Models.Quantized;

/// <summary>How <see cref="PackedTensors"/> packs a linear.</summary>
public sealed record PackingRecipe(string Method, int Bits, int GroupSize, bool ActOrder = false, string Format = "gptq", bool Head = false)
{
    public int WordWeights => 32 / Bits;

    public JsonObject Config => Method == "gptq"
        ? new JsonObject
        {
            ["quant_method"] = "gptq", ["bits"] = Bits, ["group_size"] = GroupSize, ["desc_act"] = ActOrder, ["sym"] = false, ["checkpoint_format"] = Format,
            ["damp_percent"] = 0.01, ["static_groups"] = false, ["true_sequential"] = true, ["lm_head"] = Head, ["meta"] = new JsonObject { ["quantizer"] = "test:1" },
        }
        : new JsonObject { ["quant_method"] = "awq", ["bits"] = Bits, ["group_size"] = GroupSize, ["version"] = "gemm", ["zero_point"] = true, ["modules_to_not_convert"] = null };

    public override string ToString() => $"{Method} {Format} {Bits} bits, groups of {GroupSize}{(ActOrder ? ", act-order" : "")}{(Head ? ", head" : "")}";
}

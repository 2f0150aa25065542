using System.Collections.Frozen;
using System.Text.Json;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>The architectures that are imported, each with what its configuration means.</summary>
internal static class ModelFamilies
{
    private static readonly FrozenDictionary<string, Func<JsonFile, DecoderModel>> s_families = new Dictionary<string, Func<JsonFile, DecoderModel>>(StringComparer.Ordinal)
    {
        ["LlamaForCausalLM"] = LlamaFamily.Describe,
        ["MistralForCausalLM"] = MistralFamily.Describe,
        ["Qwen2ForCausalLM"] = QwenFamily.DescribeSecond,
        ["Qwen3ForCausalLM"] = QwenFamily.DescribeThird,
        ["GemmaForCausalLM"] = GemmaFamily.DescribeFirst,
        ["Gemma2ForCausalLM"] = GemmaFamily.DescribeSecond,
        ["Gemma3ForCausalLM"] = GemmaFamily.DescribeThird,
        ["Phi3ForCausalLM"] = Phi3Family.Describe,
        ["GPT2LMHeadModel"] = Gpt2Family.Describe,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static DecoderModel Describe(JsonFile config)
    {
        var architectures = JsonFile.Field(config.Root, "architectures");
        if (architectures is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != 1 || list[0].ValueKind != JsonValueKind.String)
        {
            throw config.Wrong("architectures", "a list with one name");
        }

        var name = list[0].GetString()!;
        if (!s_families.TryGetValue(name, out var describe))
        {
            var known = string.Join(", ", s_families.Keys.Order(StringComparer.Ordinal));
            throw new ModelImportException("architecture_unsupported", $"{config.Name}: the architecture '{name}' is not supported; these are: {known}.");
        }

        return describe(config) with { Architecture = name };
    }
}

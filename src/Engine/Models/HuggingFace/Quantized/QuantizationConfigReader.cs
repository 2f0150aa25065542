using System.Text.Json;

namespace AdapterServe.Engine.Models.HuggingFace.Quantized;

/// <summary>
/// Reads <c>quantization_config</c> of config.json. Which linears are packed shows in the tensors' names, so lists of modules are not needed.
/// <b>Errors</b>: <see cref="ModelImportException"/>, code <c>quantization_unsupported</c> for what can't be served exactly and for fields that might change what
/// tensors mean.
/// <b>Source</b>: the files that AutoGPTQ, GPTQModel, AutoAWQ and transformers write.
/// </summary>
internal static class QuantizationConfigReader
{
    public const string Field = "quantization_config";

    private static readonly HashSet<string> HarmlessGptq = new(StringComparer.Ordinal)
    {
        "act_group_aware", "backend", "batch_size", "block_name_to_quantize", "cache_block_outputs", "damp_auto_increment", "damp_percent", "dataset",
        "desc_act", "disable_exllama", "exllama_config", "lm_head", "max_input_length", "meta", "model_file_base_name", "model_name_or_path", "model_seqlen",
        "module_name_preceding_first_block", "modules_in_block_to_quantize", "mse", "pad_token_id", "static_groups", "sym", "tokenizer", "true_sequential",
        "uri", "use_cuda_fp16", "use_exllama", "v2", "v2_alpha",
    };

    private static readonly HashSet<string> HarmlessAwq = new(StringComparer.Ordinal)
    {
        "backend", "do_fuse", "exllama_config", "fuse_max_seq_len", "lm_head", "meta", "modules_to_fuse", "modules_to_not_convert", "sym", "zero_point",
    };

    /// <summary>Null for a checkpoint that is not quantised.</summary>
    public static QuantizationConfig? Read(JsonFile config)
    {
        if (JsonFile.Field(config.Root, Field) is not { } section)
        {
            return null;
        }

        if (section.ValueKind != JsonValueKind.Object)
        {
            throw config.Wrong(Field, "an object");
        }

        return Text(section, "quant_method") switch
        {
            "gptq" => Gptq(section),
            "awq" => Awq(section),
            var method => throw Unsupported($"the method '{method}' is not known; GPTQ and AWQ checkpoints and unquantised ones are served"),
        };
    }

    private static QuantizationConfig Gptq(JsonElement section)
    {
        var format = Text(section, "checkpoint_format") ?? "gptq";
        Require(format is "gptq" or "gptq_v2", $"the checkpoint format '{format}' is not known; 'gptq' and 'gptq_v2' are");
        RequireWords(section);
        Require(JsonFile.Field(section, "is_marlin_format")?.ValueKind is null or JsonValueKind.False, "weights in Marlin's order are not read");
        Require(IsEmpty(section, "dynamic"), "'dynamic' gives modules settings of their own, which is not supported");
        var bits = Integer(section, "bits");
        Require(bits is 4 or 8, $"weights of {bits} bits are not served; 4 and 8 are");
        RequireKnown(section, HarmlessGptq, "quant_method", "bits", "group_size", "checkpoint_format", "pack_dtype", "is_marlin_format", "dynamic");
        return new QuantizationConfig(QuantizationMethod.Gptq, bits, GroupSize(section), format == "gptq" ? 1 : 0);
    }

    private static QuantizationConfig Awq(JsonElement section)
    {
        foreach (var field in (string[])["version", "checkpoint_format"])
        {
            var version = Text(section, field) ?? "gemm";
            Require(version.Equals("gemm", StringComparison.OrdinalIgnoreCase), $"the {field} '{version}' is not supported; 'gemm' is");
        }

        Require(IsEmpty(section, "desc_act"), "AWQ has no order of its inputs, but 'desc_act' is set");
        RequireWords(section);
        var bits = Integer(section, "bits");
        Require(bits == 4, $"AWQ weights of {bits} bits are not served; 4 is");
        RequireKnown(section, HarmlessAwq, "quant_method", "bits", "group_size", "version", "checkpoint_format", "pack_dtype", "desc_act");
        return new QuantizationConfig(QuantizationMethod.Awq, bits, GroupSize(section), StoredZeroOffset: 0);
    }

    private static void RequireWords(JsonElement section) =>
        Require(Text(section, "pack_dtype") is null or "int32", "weights packed into other words than int32 are not read");

    private static int? GroupSize(JsonElement section)
    {
        var size = Integer(section, "group_size");
        Require(size is -1 or > 0, $"a group_size of {size} makes no sense");
        return size == -1 ? null : size;
    }

    /// <summary>A field that nobody here knows is let pass only where it says nothing.</summary>
    private static void RequireKnown(JsonElement section, HashSet<string> harmless, params ReadOnlySpan<string> read)
    {
        foreach (var field in section.EnumerateObject())
        {
            if (!harmless.Contains(field.Name) && !read.Contains(field.Name))
            {
                Require(IsEmpty(section, field.Name), $"the field '{field.Name}' is not known, and might change what the weights mean");
            }
        }
    }

    private static bool IsEmpty(JsonElement section, string field) => JsonFile.Field(section, field) is not { } value || value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };

    private static int Integer(JsonElement section, string field)
    {
        var number = 0;
        var isInteger = JsonFile.Field(section, field) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out number);
        Require(isInteger, $"'{field}' must be an integer");
        return number;
    }

    private static string? Text(JsonElement section, string field)
    {
        var value = JsonFile.Field(section, field);
        Require(value is null or { ValueKind: JsonValueKind.String }, $"'{field}' must be a string");
        return value?.GetString();
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw Unsupported(otherwise);
        }
    }

    private static ModelImportException Unsupported(string reason) => new("quantization_unsupported", $"config.json: {Field}: {reason}.");
}

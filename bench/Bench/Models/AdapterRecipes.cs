using System.Text.Json.Nodes;

namespace AdapterServe.Bench.Models;

/// <summary>The kinds that <see cref="MakeAdapters"/> writes for <see cref="ModelM"/>, one or two for each kernel form.</summary>
internal static class AdapterRecipes
{
    private const string Safetensors = "adapter_model.safetensors";
    private const double Small = 0.02;
    private const string Prefix = "base_model.model.";

    public static SortedDictionary<string, Func<int, int, AdapterRecipe>> All { get; } = new(StringComparer.Ordinal)
    {
        ["lora"] = (layers, rank) => Peft("LORA", Lora(rank), All7, layers, (output, input) => LoraParts(rank, output, input)),
        ["dora"] = (layers, rank) => Peft(
            "LORA", With(Lora(rank), "use_dora", true), All7, layers, (output, input) => [.. LoraParts(rank, output, input), ("lora_magnitude_vector", [output], 0)]),
        ["ia3"] = (layers, _) => Peft(
            "IA3", new() { ["feedforward_modules"] = new JsonArray("down_proj") }, ["k_proj", "v_proj", "down_proj"], layers,
            (output, input) => [("ia3_l", input == ModelM.FeedForward ? [1, input] : [output, 1], 0)]),
        ["shira"] = (layers, rank) => Shira(layers, rank),
        ["oft"] = (layers, _) => Peft(
            "OFT", new() { ["peft_version"] = "0.21.2", ["oft_block_size"] = 32, ["r"] = 0, ["use_cayley_neumann"] = true, ["num_cayley_neumann_terms"] = 5 }, ["q_proj", "v_proj", "down_proj"], layers,
            (_, input) => [("oft_R.weight", [input / 32, 32 * 31 / 2], 0.01)]),
        ["road"] = (layers, _) => Peft(
            "ROAD", new() { ["variant"] = "road_1", ["group_size"] = 64 }, All7, layers, (output, _) => [("road_theta", [output / 2], 0.05), ("road_alpha", [output / 2], 0)]),
        ["c3a"] = (layers, _) => Peft(
            "C3A", new() { ["block_size"] = 64 }, ["q_proj", "v_proj"], layers, (output, input) => [("c3a_kernel", [output / 64, input / 64, 64], Small)]),
        ["prefix"] = (layers, _) => new AdapterRecipe(
            Config("PREFIX_TUNING", With(Virtual(ModelM.KvHeads, layers), "prefix_projection", false)), Safetensors, [("prompt_embeddings", [32, layers * 2L * ModelM.KvHeads * ModelM.HeadSize], 0.3)]),
        ["prompt"] = (layers, _) => new AdapterRecipe(Config("PROMPT_TUNING", Virtual(ModelM.Heads, layers)), Safetensors, [("prompt_embeddings", [32, ModelM.Hidden], 0.5)]),
        ["tokens"] = (_, _) => new AdapterRecipe(
            Config("TRAINABLE_TOKENS", new() { ["target_modules"] = new JsonArray("embed_tokens"), ["token_indices"] = new JsonArray([.. Enumerable.Range(100, 64).Select(id => JsonValue.Create(id))]) }),
            Safetensors, [(Prefix + "model.embed_tokens.trainable_tokens_delta", [64, ModelM.Hidden], 0.5)]),
        ["bottleneck"] = (layers, _) => Bottleneck(layers),
        ["convolution"] = (layers, rank) => Convolution(layers, rank),
        ["mora"] = (layers, rank) => Mora(layers, rank),
        ["1bit"] = (layers, rank) => OneBit(layers, rank),
    };

    private static string[] All7 => [.. ModelM.Linears.Select(linear => linear.Path.Split('.')[1])];

    private static JsonObject Lora(int rank) => new()
    {
        ["r"] = rank, ["lora_alpha"] = 2 * rank, ["lora_dropout"] = 0.0, ["bias"] = "none", ["fan_in_fan_out"] = false, ["init_lora_weights"] = true, ["use_rslora"] = false,
    };

    private static JsonObject Virtual(int heads, int layers) => new()
    {
        ["num_virtual_tokens"] = 32, ["token_dim"] = heads * ModelM.HeadSize, ["num_transformer_submodules"] = 1, ["num_attention_heads"] = heads, ["num_layers"] = layers,
    };

    private static (string Part, long[] Shape, double Deviation)[] LoraParts(int rank, int output, int input) =>
        [("lora_A.weight", [rank, input], 1 / Math.Sqrt(input)), ("lora_B.weight", [output, rank], Small)];

    private static JsonObject With(JsonObject config, string key, JsonNode value)
    {
        config[key] = value;
        return config;
    }

    private static JsonObject Config(string type, JsonObject options)
    {
        options["peft_type"] = type;
        options["task_type"] = "CAUSAL_LM";
        options["base_model_name_or_path"] = "model-m";
        options["inference_mode"] = true;
        return options;
    }

    private static AdapterRecipe Peft(
        string type, JsonObject options, string[] modules, int layers, Func<int, int, (string Part, long[] Shape, double Deviation)[]> parts)
    {
        options["target_modules"] = new JsonArray([.. modules.Select(module => JsonValue.Create(module))]);
        return new AdapterRecipe(
            Config(type, options), Safetensors,
            [.. Modules(modules, layers).SelectMany(module => parts(module.Out, module.In).Select(part => ($"{Prefix}{module.Path}.{part.Part}", part.Shape, part.Deviation)))]);
    }

    private static IEnumerable<(string Path, int Out, int In)> Modules(string[] modules, int layers) =>
        from layer in Enumerable.Range(0, layers)
        from linear in ModelM.Linears
        where modules.Contains(linear.Path.Split('.')[1])
        select ($"model.layers.{layer}.{linear.Path}", linear.Out, linear.In);

    private static AdapterRecipe Shira(int layers, int rank)
    {
        var modules = Modules(All7, layers).ToArray();
        var options = new JsonObject
        {
            ["r"] = rank, ["mask_type"] = "random", ["fan_in_fan_out"] = false, ["init_weights"] = true, ["target_modules"] = new JsonArray([.. All7.Select(module => JsonValue.Create(module))]),
        };
        return new AdapterRecipe(
            Config("SHIRA", options), Safetensors,
            [.. modules.Select(module => ($"{Prefix}{module.Path}.shira_weight", new long[] { rank * (module.Out + module.In) }, Small))],
            [.. modules.Select(module => ($"{Prefix}{module.Path}.shira_indices", module.Out, module.In, rank * (module.Out + module.In)))]);
    }

    /// <summary>AdapterHub's seq_bn.</summary>
    private static AdapterRecipe Bottleneck(int layers)
    {
        const int Width = ModelM.Hidden / 16;
        JsonObject inner = new()
        {
            ["architecture"] = null, ["mh_adapter"] = false, ["output_adapter"] = true, ["reduction_factor"] = 16, ["non_linearity"] = "relu", ["original_ln_before"] = true,
            ["original_ln_after"] = true, ["ln_before"] = false, ["ln_after"] = false, ["residual_before_ln"] = true, ["adapter_residual_before_ln"] = false, ["is_parallel"] = false,
            ["scaling"] = 1.0, ["use_gating"] = false, ["inv_adapter"] = null, ["inv_adapter_reduction_factor"] = null, ["cross_adapter"] = false, ["leave_out"] = new JsonArray(),
            ["dropout"] = 0.0, ["phm_layer"] = false, ["init_weights"] = "bert",
        };
        JsonObject config = new()
        {
            ["config"] = inner, ["hidden_size"] = ModelM.Hidden, ["model_class"] = "LlamaForCausalLM", ["model_name"] = "model-m", ["model_type"] = "llama", ["name"] = "bn",
            ["version"] = "adapters.1.3.0",
        };
        return new AdapterRecipe(
            config, "adapter.safetensors",
            [.. Enumerable.Range(0, layers).SelectMany(layer => ((string Part, long[] Shape, double Deviation)[])
            [
                ("adapter_down.0.weight", [Width, ModelM.Hidden], 1 / Math.Sqrt(ModelM.Hidden)), ("adapter_down.0.bias", [Width], Small),
                ("adapter_up.weight", [ModelM.Hidden, Width], Small), ("adapter_up.bias", [ModelM.Hidden], Small),
            ], (layer, part) => ($"model.layers.{layer}.output_adapters.adapters.bn.{part.Part}", part.Shape, part.Deviation))]);
    }

    private static AdapterRecipe Convolution(int layers, int width)
    {
        const int Kernel = 4;
        return new AdapterRecipe(
            new JsonObject { ["adapter_type"] = "causal-convolution", ["bottleneck"] = width, ["kernel"] = Kernel, ["activation"] = "silu" }, Safetensors,
            [.. Enumerable.Range(0, layers).SelectMany(layer => ((string Part, long[] Shape, double Deviation)[])
            [
                ("down.weight", [width, ModelM.Hidden], 1 / Math.Sqrt(ModelM.Hidden)), ("down.bias", [width], Small), ("conv.weight", [width, 1, Kernel], 0.5), ("conv.bias", [width], Small),
                ("up.weight", [ModelM.Hidden, width], Small), ("up.bias", [ModelM.Hidden], Small),
            ], (layer, part) => ($"model.layers.{layer}.conv_adapter.{part.Part}", part.Shape, part.Deviation))]);
    }

    private static AdapterRecipe Mora(int layers, int rank)
    {
        var modules = Modules(All7, layers).ToArray();
        var config = new JsonObject
        {
            ["adapter_type"] = "mora-self-activated", ["rank"] = rank, ["task_ranks"] = new JsonArray(rank), ["tau"] = 0.5, ["top_k"] = Math.Max(1, rank / 2), ["delta"] = -0.5,
            ["target_modules"] = new JsonArray([.. modules.Select(module => JsonValue.Create(module.Path))]),
        };
        return new AdapterRecipe(
            config, Safetensors,
            [.. modules.SelectMany(module => LoraParts(rank, module.Out, module.In).Select(part => ($"{module.Path}.{part.Part}", part.Shape, part.Deviation)))]);
    }

    /// <summary>One file without names: for each layer the packed bits of Down and Up, each followed by its mean and deviation.</summary>
    private static AdapterRecipe OneBit(int layers, int width)
    {
        var config = new JsonObject
        {
            ["adapter_type"] = "1bit-adaptformer", ["backbone"] = "model-m", ["bit"] = 1, ["dataset"] = "bench", ["dim"] = width, ["num_class"] = 0, ["layers"] = layers,
            ["hidden_size"] = ModelM.Hidden, ["kv_size"] = ModelM.KvHeads * ModelM.HeadSize, ["method"] = "adaptformer", ["scale"] = 1.0,
        };
        return new AdapterRecipe(config, "adapter.bin", []) { Bytes = Packed };

        byte[] Packed(Random random)
        {
            List<byte> file = [];
            for (var matrix = 0; matrix < 2 * layers; matrix++)
            {
                var bits = new byte[width * ModelM.Hidden / 8];
                random.NextBytes(bits);
                file.AddRange([.. bits, .. BitConverter.GetBytes(0.001f), .. BitConverter.GetBytes(0.02f)]);
            }

            return [.. file];
        }
    }
}

using System.Text.Json.Nodes;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>The kinds that can be made, one or two for each kernel form, for one model.</summary>
/// <param name="shape">The model's sizes.</param>
/// <param name="rank">Of the kinds that have one.</param>
/// <param name="model">The name that stands in the files.</param>
internal sealed class AdapterRecipes(ModelShape shape, int rank, string model)
{
    private const string Safetensors = "adapter_model.safetensors";
    private const double Small = 0.02;
    private const string Prefix = "base_model.model.";
    private const int VirtualTokens = 32;

    public static SortedDictionary<string, Func<AdapterRecipes, AdapterRecipe>> Kinds { get; } = new(StringComparer.Ordinal)
    {
        ["lora"] = recipes => recipes.Peft("LORA", recipes.Lora(), recipes.All7, recipes.LoraParts),
        ["dora"] = recipes =>
            recipes.Peft(
                "LORA", With(recipes.Lora(), "use_dora", true), recipes.All7,
                linear => [.. recipes.LoraParts(linear), ("lora_magnitude_vector", [linear.Out], 0)]),
        ["ia3"] = recipes => recipes.Peft(
            "IA3", new() { ["feedforward_modules"] = new JsonArray("down_proj") }, ["k_proj", "v_proj", "down_proj"],
            linear => [("ia3_l", linear.Name == "down_proj" ? [1, linear.In] : [linear.Out, 1], 0)]),
        ["shira"] = recipes => recipes.Shira(),
        ["oft"] = recipes => recipes.Oft(),
        ["road"] = recipes => recipes.Road(),
        ["c3a"] = recipes => recipes.C3A(),
        ["prefix"] = recipes => recipes.PrefixTuning(),
        ["prompt"] = recipes => recipes.PromptTuning(),
        ["tokens"] = recipes => recipes.Tokens(),
        ["bottleneck"] = recipes => recipes.Bottleneck(),
        ["convolution"] = recipes => recipes.Convolution(),
        ["mora"] = recipes => recipes.Mora(),
        ["1bit"] = recipes => recipes.OneBit(),
    };

    private string[] All7 => [.. shape.Linears.Select(linear => linear.Name)];

    private JsonObject Lora() => new()
    {
        ["r"] = rank, ["lora_alpha"] = 2 * rank, ["lora_dropout"] = 0.0, ["bias"] = "none", ["fan_in_fan_out"] = false, ["init_lora_weights"] = true,
        ["use_rslora"] = false,
    };

    private AdapterRecipe Oft()
    {
        string[] modules = ["q_proj", "v_proj", "down_proj"];
        var block = Block(32, Modules(modules).Select(linear => linear.In));
        JsonObject options = new()
        {
            ["peft_version"] = "0.21.2", ["oft_block_size"] = block, ["r"] = 0, ["use_cayley_neumann"] = true, ["num_cayley_neumann_terms"] = 5,
        };
        return Peft("OFT", options, modules, linear => [("oft_R.weight", [linear.In / block, block * (block - 1) / 2], 0.01)]);
    }

    private AdapterRecipe Road()
    {
        var group = Block(64, shape.Linears.Select(linear => linear.Out));
        return Peft(
            "ROAD", new() { ["variant"] = "road_1", ["group_size"] = group }, All7,
            linear => [("road_theta", [linear.Out / 2], 0.05), ("road_alpha", [linear.Out / 2], 0)]);
    }

    private AdapterRecipe C3A()
    {
        string[] modules = ["q_proj", "v_proj"];
        var block = Block(64, Modules(modules).SelectMany(linear => new[] { linear.Out, linear.In }));
        return Peft(
            "C3A", new() { ["block_size"] = block }, modules, linear => [("c3a_kernel", [linear.Out / block, linear.In / block, block], Small)]);
    }

    private AdapterRecipe PrefixTuning()
    {
        var width = shape.KvHeads * shape.HeadSize;
        return new AdapterRecipe(
            Config("PREFIX_TUNING", With(Virtual(shape.KvHeads, width), "prefix_projection", false)), Safetensors,
            [("prompt_embeddings", [VirtualTokens, 2L * shape.Layers * width], 0.3)]);
    }

    private AdapterRecipe PromptTuning() =>
        new(Config("PROMPT_TUNING", Virtual(shape.Heads, shape.Hidden)), Safetensors, [("prompt_embeddings", [VirtualTokens, shape.Hidden], 0.5)]);

    private AdapterRecipe Tokens()
    {
        const int Count = 64;
        var options = new JsonObject
        {
            ["target_modules"] = new JsonArray("embed_tokens"),
            ["token_indices"] = new JsonArray([.. Enumerable.Range(100, Count).Select(id => JsonValue.Create(id))]),
        };
        return new AdapterRecipe(
            Config("TRAINABLE_TOKENS", options), Safetensors, [(Prefix + "model.embed_tokens.trainable_tokens_delta", [Count, shape.Hidden], 0.5)]);
    }

    /// <summary>The largest power of two up to <paramref name="most"/> that divides all sizes.</summary>
    private static int Block(int most, IEnumerable<int> sizes)
    {
        var all = sizes.ToArray();
        while (most > 1 && all.Any(size => size % most != 0))
        {
            most /= 2;
        }

        return most > 1
            ? most
            : throw new UserErrorException(
                "This kind acts on blocks of features, and the model has an odd number of them; leave the kind out of --kinds.");
    }

    private JsonObject Virtual(int heads, int width) => new()
    {
        ["num_virtual_tokens"] = VirtualTokens, ["token_dim"] = width, ["num_transformer_submodules"] = 1, ["num_attention_heads"] = heads,
        ["num_layers"] = shape.Layers,
    };

    private (string Part, long[] Shape, double Deviation)[] LoraParts(LinearShape linear) =>
        [("lora_A.weight", [rank, linear.In], 1 / Math.Sqrt(linear.In)), ("lora_B.weight", [linear.Out, rank], Small)];

    private static JsonObject With(JsonObject config, string key, JsonNode value)
    {
        config[key] = value;
        return config;
    }

    private JsonObject Config(string type, JsonObject options)
    {
        options["peft_type"] = type;
        options["task_type"] = "CAUSAL_LM";
        options["base_model_name_or_path"] = model;
        options["inference_mode"] = true;
        return options;
    }

    private AdapterRecipe Peft(
        string type, JsonObject options, string[] modules, Func<LinearShape, (string Part, long[] Shape, double Deviation)[]> parts)
    {
        options["target_modules"] = new JsonArray([.. modules.Select(module => JsonValue.Create(module))]);
        return new AdapterRecipe(
            Config(type, options), Safetensors,
            [.. Modules(modules)
                .SelectMany(module => parts(module).Select(part => ($"{Prefix}{module.Path}.{part.Part}", part.Shape, part.Deviation)))]);
    }

    private IEnumerable<LinearShape> Modules(string[] names) =>
        from layer in Enumerable.Range(0, shape.Layers)
        from linear in shape.Linears
        where names.Contains(linear.Name)
        select linear with { Path = $"model.layers.{layer}.{linear.Path}" };

    private AdapterRecipe Shira()
    {
        var modules = Modules(All7).ToArray();
        var options = new JsonObject
        {
            ["r"] = rank, ["mask_type"] = "random", ["fan_in_fan_out"] = false, ["init_weights"] = true,
            ["target_modules"] = new JsonArray([.. All7.Select(module => JsonValue.Create(module))]),
        };
        return new AdapterRecipe(
            Config("SHIRA", options), Safetensors,
            [.. modules.Select(module => ($"{Prefix}{module.Path}.shira_weight", new long[] { rank * (module.Out + module.In) }, Small))],
            [.. modules.Select(module => ($"{Prefix}{module.Path}.shira_indices", module.Out, module.In, rank * (module.Out + module.In)))]);
    }

    /// <summary>AdapterHub's seq_bn.</summary>
    private AdapterRecipe Bottleneck()
    {
        var width = Math.Max(1, shape.Hidden / 16);
        JsonObject inner = new()
        {
            ["architecture"] = null, ["mh_adapter"] = false, ["output_adapter"] = true, ["reduction_factor"] = 16, ["non_linearity"] = "relu",
            ["original_ln_before"] = true,
            ["original_ln_after"] = true, ["ln_before"] = false, ["ln_after"] = false, ["residual_before_ln"] = true,
            ["adapter_residual_before_ln"] = false, ["is_parallel"] = false,
            ["scaling"] = 1.0, ["use_gating"] = false, ["inv_adapter"] = null, ["inv_adapter_reduction_factor"] = null, ["cross_adapter"] = false,
            ["leave_out"] = new JsonArray(),
            ["dropout"] = 0.0, ["phm_layer"] = false, ["init_weights"] = "bert",
        };
        JsonObject config = new()
        {
            ["config"] = inner, ["hidden_size"] = shape.Hidden, ["model_class"] = "LlamaForCausalLM", ["model_name"] = model,
            ["model_type"] = "llama", ["name"] = "bn",
            ["version"] = "adapters.1.3.0",
        };
        return new AdapterRecipe(
            config, "adapter.safetensors",
            [.. Enumerable.Range(0, shape.Layers).SelectMany(layer => ((string Part, long[] Shape, double Deviation)[])
            [
                ("adapter_down.0.weight", [width, shape.Hidden], 1 / Math.Sqrt(shape.Hidden)), ("adapter_down.0.bias", [width], Small),
                ("adapter_up.weight", [shape.Hidden, width], Small), ("adapter_up.bias", [shape.Hidden], Small),
            ], (layer, part) => ($"model.layers.{layer}.output_adapters.adapters.bn.{part.Part}", part.Shape, part.Deviation))]);
    }

    private AdapterRecipe Convolution()
    {
        const int Kernel = 4;
        return new AdapterRecipe(
            new JsonObject { ["adapter_type"] = "causal-convolution", ["bottleneck"] = rank, ["kernel"] = Kernel, ["activation"] = "silu" },
            Safetensors,
            [.. Enumerable.Range(0, shape.Layers).SelectMany(layer => ((string Part, long[] Shape, double Deviation)[])
            [
                ("down.weight", [rank, shape.Hidden], 1 / Math.Sqrt(shape.Hidden)), ("down.bias", [rank], Small),
                ("conv.weight", [rank, 1, Kernel], 0.5), ("conv.bias", [rank], Small),
                ("up.weight", [shape.Hidden, rank], Small), ("up.bias", [shape.Hidden], Small),
            ], (layer, part) => ($"model.layers.{layer}.conv_adapter.{part.Part}", part.Shape, part.Deviation))]);
    }

    private AdapterRecipe Mora()
    {
        var modules = Modules(All7).ToArray();
        var config = new JsonObject
        {
            ["adapter_type"] = "mora-self-activated", ["rank"] = rank, ["task_ranks"] = new JsonArray(rank), ["tau"] = 0.5,
            ["top_k"] = Math.Max(1, rank / 2), ["delta"] = -0.5,
            ["target_modules"] = new JsonArray([.. modules.Select(module => JsonValue.Create(module.Path))]),
        };
        return new AdapterRecipe(
            config, Safetensors,
            [.. modules.SelectMany(module => LoraParts(module).Select(part => ($"{module.Path}.{part.Part}", part.Shape, part.Deviation)))]);
    }

    /// <summary>One file without names: for each layer the packed bits of Down and Up, each followed by its mean and deviation.</summary>
    private AdapterRecipe OneBit()
    {
        var config = new JsonObject
        {
            ["adapter_type"] = "1bit-adaptformer", ["backbone"] = model, ["bit"] = 1, ["dataset"] = "load", ["dim"] = rank, ["num_class"] = 0,
            ["layers"] = shape.Layers,
            ["hidden_size"] = shape.Hidden, ["kv_size"] = shape.KvHeads * shape.HeadSize, ["method"] = "adaptformer", ["scale"] = 1.0,
        };
        return new AdapterRecipe(config, "adapter.bin", []) { Bytes = Packed };

        byte[] Packed(Random random)
        {
            List<byte> file = [];
            for (var matrix = 0; matrix < 2 * shape.Layers; matrix++)
            {
                var bits = new byte[rank * shape.Hidden / 8];
                random.NextBytes(bits);
                file.AddRange([.. bits, .. BitConverter.GetBytes(0.001f), .. BitConverter.GetBytes(0.02f)]);
            }

            return [.. file];
        }
    }
}

using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft;

/// <summary>One row for each way in which a LoRA folder can be wrong.</summary>
public sealed class WrongLoraTests
{
    private const string Q0 = "model.layers.0.self_attn.q_proj";
    private const string V1 = "model.layers.1.self_attn.v_proj";

    private static readonly Dictionary<string, (AdapterErrorKind Kind, string Code, Action<SmallLora> Spoil, bool HasWeights)> Cases = new(StringComparer.Ordinal)
    {
        ["DoRA"] = Unservable("dora", lora => lora.Config["use_dora"] = true),
        ["a bias of its own"] = Unservable("lora_bias", lora => lora.Config["lora_bias"] = true),
        ["activated LoRA without invocation tokens"] = Unservable("alora", lora => lora.Config["alora_invocation_tokens"] = new JsonArray()),
        ["activated LoRA by a token that the base lacks"] = Unservable("alora", lora => lora.Config["alora_invocation_tokens"] = new JsonArray(5, 16)),
        ["activated LoRA by a negative token"] = Unservable("alora", lora => lora.Config["alora_invocation_tokens"] = new JsonArray(-1)),
        ["activated LoRA by text"] = Malformed("config_wrong_type", lora => lora.Config["alora_invocation_tokens"] = "<|assistant|>"),
        ["activated LoRA with biases"] = Unservable("alora", lora =>
        {
            lora.Config["alora_invocation_tokens"] = new JsonArray(5);
            lora.Config["bias"] = "lora_only";
        }),
        ["activated LoRA with whole modules"] = Unservable("alora", lora =>
        {
            lora.Config["alora_invocation_tokens"] = new JsonArray(5);
            lora.Config["modules_to_save"] = new JsonArray("lm_head");
            lora.Add("lm_head.weight", [16, 8]);
        }),
        ["trained biases of an unknown base"] = Unservable("base_weights", lora => lora.Config["bias"] = "lora_only"),
        ["tokens without rows"] = Unservable("missing_modules", lora => lora.Config["trainable_token_indices"] = new JsonArray(1, 2)),
        ["more tokens than rows"] = Unservable("shape_mismatch", lora => AddTokens(lora, [1, 8], 1, 2)),
        ["rows of another width"] = Unservable("shape_mismatch", lora => AddTokens(lora, [2, 9], 1, 2)),
        ["a token behind the vocabulary whose logit nothing gives"] = Unservable("vocabulary", lora => AddTokens(lora, [2, 8], 1, 16)),
        ["a token behind the vocabulary after one without a row"] = Unservable("vocabulary", lora => AddTokens(lora, [2, 8], 1, 17)),
        ["a token far beyond the vocabulary"] = Unservable("token_index", lora => AddTokens(lora, [2, 8], 1, 16 + 65_536)),
        ["a token below zero"] = Unservable("token_index", lora => AddTokens(lora, [2, 8], 1, -1)),
        ["a token twice"] = Unservable("token_index", lora => AddTokens(lora, [2, 8], 5, 5)),
        ["no token"] = Unservable("token_index", lora => lora.Config["trainable_token_indices"] = new JsonObject { ["embed_tokens"] = new JsonArray() }),
        ["tokens of a linear layer"] = Unservable("trainable_tokens", lora => lora.Config["trainable_token_indices"] = new JsonObject { ["q_proj"] = new JsonArray(1) }),
        ["tokens of a module that the base lacks"] = Unservable("trainable_tokens", lora => lora.Config["trainable_token_indices"] = new JsonObject { ["wte"] = new JsonArray(1) }),
        ["tokens given by two names"] = Unservable("trainable_tokens", lora => lora.Config["trainable_token_indices"] = new JsonObject
        {
            ["embed_tokens"] = new JsonArray(1), ["model.embed_tokens"] = new JsonArray(1),
        }),
        ["tokens that are text"] = Malformed("config_wrong_type", lora => lora.Config["trainable_token_indices"] = new JsonObject { ["embed_tokens"] = new JsonArray("a") }),
        ["rows of tokens beside a saved embedding"] = Unservable("trainable_tokens", lora =>
        {
            AddTokens(lora, [1, 8], 5);
            lora.Config["modules_to_save"] = new JsonArray("embed_tokens");
            lora.Add("model.embed_tokens.weight", [16, 8]);
        }),
        ["rows of the head of an unknown base"] = Unservable("base_weights", lora =>
        {
            lora.Config["trainable_token_indices"] = new JsonObject { ["lm_head"] = new JsonArray(1) };
            lora.Add("lm_head.token_adapter.trainable_tokens_delta", [1, 8]);
        }),
        ["tying that is text"] = Malformed("config_wrong_type", lora => lora.Config["ensure_weight_tying"] = "yes"),
        ["an unknown choice of biases"] = Unservable("bias", lora => lora.Config["bias"] = "some", hasWeights: true),
        ["trained biases that the file lacks"] = Unservable("bias", lora => lora.Config["bias"] = "lora_only", hasWeights: true),
        ["a bias twice"] = Unservable("surplus_modules", lora =>
        {
            lora.Add(Q0 + ".bias", [8]);
            lora.Add(Q0 + ".base_layer.bias", [8]);
        }),
        ["a bias of another length"] = Unservable("shape_mismatch", lora => AddBiases(lora, 9), hasWeights: true),
        ["KaSA"] = Unservable("kasa", lora => lora.Config["kasa_config"] = new JsonObject()),
        ["layer replication"] = Unservable("layer_replication", lora => lora.Config["layer_replication"] = new JsonArray(new JsonArray(0, 2))),
        ["target parameters"] = Unservable("target_parameters", lora => lora.Config["target_parameters"] = new JsonArray("experts.up")),
        ["QALoRA"] = Unservable("qalora", lora => lora.Config["use_qalora"] = true),
        ["block-diagonal LoRA without a number of blocks"] = Malformed("config_missing_key", lora => lora.Config["use_bdlora"] = new JsonObject { ["n"] = 2 }),
        ["block-diagonal LoRA whose blocks do not divide the rank"] = Unservable("option_range", lora => lora.Config["use_bdlora"] = new JsonObject
        {
            ["nblocks"] = 8, ["target_modules_bd_a"] = new JsonArray("q_proj"),
        }),
        ["block-diagonal LoRA whose file holds whole factors"] = Unservable("shape_mismatch", lora => lora.Config["use_bdlora"] = new JsonObject
        {
            ["nblocks"] = 2, ["target_modules_bd_a"] = new JsonArray("q_proj", "v_proj"),
        }),
        ["Arrow"] = Unservable("arrow", lora => lora.Config["arrow_config"] = new JsonObject { ["top_k"] = 2 }),
        ["MonteCLoRA"] = Unservable("monteclora", lora => lora.Config["monteclora_config"] = new JsonObject { ["n"] = 2 }),
        ["unconverted PiSSA"] = Unservable("unconverted_pissa", lora => lora.Config["init_lora_weights"] = "pissa"),
        ["unconverted fast PiSSA"] = Unservable("unconverted_pissa", lora => lora.Config["init_lora_weights"] = "pissa_niter_16"),
        ["unconverted OLoRA"] = Unservable("unconverted_olora", lora => lora.Config["init_lora_weights"] = "OLoRA"),
        ["unconverted CorDA"] = Unservable("unconverted_corda", lora => lora.Config["init_lora_weights"] = "corda"),
        ["unconverted LoftQ"] = Unservable("unconverted_loftq", lora => lora.Config["init_lora_weights"] = "loftq"),
        ["unconverted LoRA-GA"] = Unservable("unconverted_lora_ga", lora => lora.Config["init_lora_weights"] = "lora_ga"),
        ["an unknown start"] = Unservable("unknown_init", lora => lora.Config["init_lora_weights"] = "novel"),
        ["an unknown option that says something"] = Unservable("unknown_option", lora => lora.Config["use_novelty"] = true),
        ["another PEFT type"] = Unservable("unsupported_peft_type", lora => lora.Config["peft_type"] = "NOVELTY"),
        ["no PEFT type"] = Unservable("unknown_format", lora => lora.Config.Remove("peft_type")),
        ["a rank of zero"] = Unservable("rank", lora => lora.Config["r"] = 0),
        ["a negative rank"] = Unservable("rank", lora => lora.Config["r"] = -2),
        ["a rank pattern of zero"] = Unservable("rank", lora => lora.Config["rank_pattern"] = new JsonObject { ["q_proj"] = 0 }),
        ["another rank than the file"] = Unservable("rank_mismatch", lora => lora.Config["r"] = 4),
        ["a pattern rank that the file lacks"] = Unservable("rank_mismatch", lora => lora.Config["rank_pattern"] = new JsonObject { ["q_proj"] = 3 }),
        ["a scale beyond f32"] = Unservable("scale", lora => lora.Config["lora_alpha"] = 1e300),
        ["a targeted module without tensors"] = Unservable("missing_modules", lora => RemovePair(lora, V1)),
        ["a target list that the file exceeds"] = Unservable("surplus_modules", lora => lora.Config["target_modules"] = new JsonArray("q_proj")),
        ["a surplus module"] = Unservable("surplus_modules", lora => lora.AddPair("model.layers.0.self_attn.o_proj", 2, 8, 8)),
        ["a layer that layers_to_transform leaves out"] = Unservable("surplus_modules", lora => lora.Config["layers_to_transform"] = 0),
        ["a module that exclude_modules names"] = Unservable("surplus_modules", lora => lora.Config["exclude_modules"] = new JsonArray("v_proj")),
        ["A without B"] = Unservable("lone_factor", lora => lora.Remove(Q0 + ".lora_B.weight")),
        ["B without A"] = Unservable("lone_factor", lora => lora.Remove(Q0 + ".lora_A.weight")),
        ["A of another width"] = Unservable("shape_mismatch", lora => lora.Add(Q0 + ".lora_A.weight", [2, 9])),
        ["B of another height"] = Unservable("shape_mismatch", lora => lora.Add(Q0 + ".lora_B.weight", [9, 2])),
        ["B of another rank"] = Unservable("shape_mismatch", lora => lora.Add(Q0 + ".lora_B.weight", [8, 3])),
        ["A of one dimension"] = Unservable("shape_mismatch", lora => lora.Add(Q0 + ".lora_A.weight", [16])),
        ["A of three dimensions"] = Unservable("shape_mismatch", lora => lora.Add(Q0 + ".lora_A.weight", [2, 8, 1])),
        ["NaN in A"] = Unservable("not_finite", lora => lora.Tensors[SmallLora.Prefix + Q0 + ".lora_A.weight"].Values[5] = float.NaN),
        ["infinity in B"] = Unservable("not_finite", lora => lora.Tensors[SmallLora.Prefix + Q0 + ".lora_B.weight"].Values[15] = float.NegativeInfinity),
        ["infinity in a bf16 file"] = Unservable("not_finite", lora => SpoilAs(lora, SafetensorsType.BF16)),
        ["infinity in an f16 file"] = Unservable("not_finite", lora => SpoilAs(lora, SafetensorsType.F16)),
        ["a layer that the base lacks"] = Unservable("unknown_module", lora => lora.AddPair("model.layers.2.self_attn.q_proj", 2, 8, 8)),
        ["a module that the base lacks"] = Unservable("unknown_module", lora => lora.AddPair("model.layers.0.self_attn.c_attn", 2, 8, 8)),
        ["a prefix that only some names have"] = Unservable("ambiguous_keys", lora => lora.Tensors["model.layers.0.mlp.up_proj.lora_A.weight"] = ([1], [0])),
        ["an unknown tensor"] = Unservable("unknown_tensor", lora => lora.Add(Q0 + ".lora_C", [2])),
        ["an adapter name in some of the tensor names"] = Unservable("ambiguous_keys", lora => lora.Add(Q0 + ".lora_A.default.weight", [2, 8])),
        ["a DoRA magnitude that the configuration denies"] = Unservable("dora", lora => lora.Add(Q0 + ".lora_magnitude_vector", [8])),
        ["a LoRA bias that the configuration denies"] = Unservable("lora_bias", lora => lora.Add(Q0 + ".lora_B.bias", [8])),
        ["a LoRA on the embedding that is not targeted"] = Unservable("surplus_modules", lora => lora.Add("model.embed_tokens.lora_embedding_A", [2, 16])),
        ["half a LoRA on the embedding"] = Unservable("lone_factor", lora => AddEmbedding(lora, [2, 16], null)),
        ["a LoRA on the embedding of another vocabulary"] = Unservable("shape_mismatch", lora => AddEmbedding(lora, [2, 17], [8, 2])),
        ["a LoRA on the embedding of another width"] = Unservable("shape_mismatch", lora => AddEmbedding(lora, [2, 16], [9, 2])),
        ["a LoRA on the embedding of another rank"] = Unservable("rank_mismatch", lora => AddEmbedding(lora, [3, 16], [8, 3])),
        ["DoRA on the embedding"] = Unservable("dora", lora =>
        {
            AddEmbedding(lora, [2, 16], [8, 2]);
            lora.Config["use_dora"] = true;
        }),
        ["a linear LoRA's factor on the embedding"] = Unservable("module_kind", lora => lora.Add("model.embed_tokens.lora_A.weight", [2, 16])),
        ["an embedding's factor on a linear layer"] = Unservable("module_kind", lora => lora.Add(Q0 + ".lora_embedding_A", [2, 8])),
        ["a LoRA on a norm"] = Unservable("module_kind", lora => lora.Add("model.norm.lora_A.weight", [2, 8])),
        ["token rows that the configuration does not name"] = Unservable("surplus_modules", lora => lora.Add("model.embed_tokens.token_adapter.trainable_tokens_delta", [1, 8])),
        ["a bias of the base"] = Unservable("bias", lora => lora.Add(Q0 + ".bias", [8])),
        ["the embedding among the targets"] = Unservable("missing_modules", lora => lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "embed_tokens")),
        ["an embedding of a larger vocabulary without a head"] = Unservable("vocabulary", lora => lora.Add("model.embed_tokens.weight", [18, 8])),
        ["an embedding and a head of different vocabularies"] = Unservable("vocabulary", lora => AddEnds(lora, 18, 17)),
        ["an embedding of a larger vocabulary and the base's head"] = Unservable("vocabulary", lora => AddEnds(lora, 18, 16)),
        ["more tokens than are served"] = Unservable("vocabulary", lora => AddEnds(lora, 16 + 65_537, 16 + 65_537)),
        ["a larger vocabulary of another width"] = Unservable("shape_mismatch", lora =>
        {
            lora.Add("model.embed_tokens.weight", [18, 9]);
            lora.Add("lm_head.weight", [18, 9]);
        }),
        ["a larger vocabulary under a LoRA of the base's"] = Unservable("shape_mismatch", lora =>
        {
            AddEmbedding(lora, [2, 16], [8, 2]);
            lora.Add("model.embed_tokens.base_layer.weight", [18, 8]);
            lora.Add("lm_head.weight", [18, 8]);
        }),
        ["a row for a token that the larger vocabulary lacks"] = Unservable("vocabulary", lora =>
        {
            AddTokens(lora, [2, 8], 1, 18);
            lora.Add("model.embed_tokens.token_adapter.base_layer.weight", [18, 8]);
            lora.Add("lm_head.weight", [18, 8]);
        }),
        ["token rows over an embedding that is not the base's"] = Unservable("trainable_tokens", lora =>
        {
            AddTokens(lora, [2, 8], 1, 2);
            lora.Add("model.embed_tokens.token_adapter.base_layer.weight", [16, 8]);
        }),
        ["the original of a module that the adapter leaves alone"] = Unservable("surplus_modules", lora => lora.Add(Q0 + ".original_module.weight", [8, 8])),
        ["an embedding of a smaller vocabulary"] = Unservable("vocabulary", lora => lora.Add("model.embed_tokens.weight", [15, 8])),
        ["a saved norm"] = Unservable("surplus_modules", lora => lora.Add("model.norm.weight", [8])),
        ["a saved norm of another width"] = Unservable("shape_mismatch", lora =>
        {
            lora.Config["modules_to_save"] = new JsonArray("model.norm");
            lora.Add("model.norm.weight", [9]);
        }),
        ["a saved module under a LoRA"] = Unservable("surplus_modules", lora =>
        {
            lora.Config["modules_to_save"] = new JsonArray(Q0);
            lora.Add(Q0 + ".weight", [8, 8]);
        }),
        ["a saved linear layer"] = Unservable("surplus_modules", lora => lora.Add(Q0 + ".weight", [8, 8])),
        ["another module to save"] = Unservable("modules_to_save", lora => lora.Config["modules_to_save"] = new JsonArray("score")),
        ["a saved head that the file lacks"] = Unservable("missing_modules", lora => lora.Config["modules_to_save"] = new JsonArray("lm_head")),
        ["a saved head of a larger vocabulary"] = Unservable("vocabulary", lora => SaveHead(lora, [17, 8])),
        ["a saved head of another width"] = Unservable("shape_mismatch", lora => SaveHead(lora, [17, 9])),
        ["a saved part of a module that the file has in part"] = Unservable("missing_modules", lora =>
        {
            lora.Config["modules_to_save"] = new JsonArray("layers.0.mlp");
            lora.Add("model.layers.0.mlp.up_proj.weight", [12, 8]);
        }),
        ["a copy of the base's head without a LoRA"] = Unservable("surplus_modules", lora => lora.Add("lm_head.base_layer.weight", [16, 8])),
        ["integers instead of floats"] = Unservable("dtype", lora => lora.DeclaredType = SafetensorsType.I32),
        ["a broken expression"] = Unservable("bad_pattern", lora => lora.Config["target_modules"] = "(q_proj"),
        ["a broken rank pattern"] = Unservable("bad_pattern", lora => lora.Config["rank_pattern"] = new JsonObject { ["q_proj)("] = 2 }),
        ["an expression that never ends"] = Unservable("pattern_too_slow", lora => lora.Config["target_modules"] = @"(([\w.])*)*!"),
        ["a cut pickle instead of safetensors"] = Malformed("pickle_zip", lora => lora.Extra["adapter_model.bin"] = "PK\x03\x04"u8.ToArray()),
        ["no weights"] = Unservable("missing_weights", _ => { }),
        ["a rank that is text"] = Malformed("config_wrong_type", lora => lora.Config["r"] = "8"),
        ["a fractional rank"] = Malformed("config_wrong_type", lora => lora.Config["r"] = 2.5),
        ["an alpha that is text"] = Malformed("config_wrong_type", lora => lora.Config["lora_alpha"] = "much"),
        ["targets that are a number"] = Malformed("config_wrong_type", lora => lora.Config["target_modules"] = 5),
        ["targets that hold a number"] = Malformed("config_wrong_type", lora => lora.Config["target_modules"] = new JsonArray("q_proj", 5)),
        ["a rank pattern that is a list"] = Malformed("config_wrong_type", lora => lora.Config["rank_pattern"] = new JsonArray(1)),
        ["a flag that is text"] = Malformed("config_wrong_type", lora => lora.Config["use_rslora"] = "yes"),
        ["a type that is a number"] = Malformed("config_wrong_type", lora => lora.Config["peft_type"] = 5),
        ["no rank"] = Malformed("config_missing_key", lora => lora.Config.Remove("r")),
        ["no alpha"] = Malformed("config_missing_key", lora => lora.Config.Remove("lora_alpha")),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    public static TheoryData<string, string> WrongConfigs => new()
    {
        { "", "config_json" },
        { "{", "config_json" },
        { "{} {}", "config_json" },
        { """{"r":NaN}""", "config_json" },
        { """{"r":1,}""", "config_json" },
        { "{/*c*/}", "config_json" },
        { """{"\ud800":1}""", "config_json" },
        { """{"peft_type":"\udc00"}""", "config_json" },
        { string.Concat(Enumerable.Repeat("{\"a\":", 70)) + "1" + new string('}', 70), "config_json" },
        { """{"r":1,"r":2}""", "config_duplicate_key" },
        { """{"peft_type":"LORA","rank_pattern":{"a":1,"a":2}}""", "config_duplicate_key" },
        { "[]", "config_not_object" },
        { "\"LORA\"", "config_not_object" },
        { "{\"x\":\"" + new string('a', 1 << 20) + "\"}", "config_too_large" },
    };

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_wrong_adapter_is_refused_with_its_own_code_and_leaves_nothing(string name)
    {
        var (kind, code, spoil, hasWeights) = Cases[name];
        var files = SmallLora.Make(spoil).Files();
        if (code is "pickle_zip" or "missing_weights")
        {
            files.Remove("adapter_model.safetensors");
        }

        await RefuseAsync(files, kind, code, hasWeights);
    }

    [Theory]
    [MemberData(nameof(WrongConfigs))]
    public async Task A_configuration_that_is_not_strict_JSON_is_malformed(string text, string code)
    {
        var files = new SmallLora().Files();
        files["adapter_config.json"] = Encoding.UTF8.GetBytes(text);
        await RefuseAsync(files, AdapterErrorKind.Malformed, code);
    }

    [Fact]
    public async Task A_configuration_that_is_not_UTF8_is_malformed()
    {
        var files = new SmallLora().Files();
        files["adapter_config.json"] = [(byte)'{', (byte)'"', 0xC0, 0xAF, (byte)'"', (byte)':', (byte)'1', (byte)'}'];
        await RefuseAsync(files, AdapterErrorKind.Malformed, "config_not_utf8");
    }

    [Fact]
    public async Task A_safetensors_file_that_was_cut_is_malformed()
    {
        var files = new SmallLora().Files();
        files["adapter_model.safetensors"] = files["adapter_model.safetensors"][..^7];
        await RefuseAsync(files, AdapterErrorKind.Malformed, "safetensors_offsets");
    }

    [Fact]
    public async Task A_folder_without_a_configuration_is_of_no_known_format()
    {
        var files = new SmallLora().Files();
        files.Remove("adapter_config.json");
        await RefuseAsync(files, AdapterErrorKind.Unservable, "unknown_format");
    }

    [Theory]
    [InlineData("pirate-pissa-unconverted", "unconverted_pissa")]
    [InlineData("robot-corda-unconverted", "unconverted_corda")]
    [InlineData("polite-olora-unconverted", "unconverted_olora")]
    [InlineData("pirate-kasa", "kasa")]
    [InlineData("doubt-lily", "batch_dependent")]
    public async Task The_demos_refused_adapters_are_refused_for_their_own_reasons(string name, string code)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Bases.Demo);
        var refused = await storage.RefusedAsync(TestData.Files(TestData.Refused(name)));
        Assert.Equal((AdapterErrorKind.Unservable, code), (refused.Kind, refused.Code));
    }

    private static void AddEnds(SmallLora lora, int embedding, int head)
    {
        lora.Add("model.embed_tokens.weight", [embedding, 8]);
        lora.Add("lm_head.weight", [head, 8]);
    }

    private static async Task RefuseAsync(Dictionary<string, byte[]> files, AdapterErrorKind kind, string code, bool hasWeights = false)
    {
        using var folder = new TestFolder();
        using var storage = hasWeights ? folder.Open(MadeBaseWeights.Small(hasBias: true)) : folder.Open();
        var refused = await storage.RefusedAsync(files);
        Assert.Equal((kind, code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(folder.AdapterFiles());
        Assert.Empty(storage.Catalog.List("acme"));
        Assert.Equal(0, storage.Cache.Statistics.IdleBytes);
    }

    private static (AdapterErrorKind Kind, string Code, Action<SmallLora> Spoil, bool HasWeights) Unservable(string code, Action<SmallLora> spoil, bool hasWeights = false) =>
        (AdapterErrorKind.Unservable, code, spoil, hasWeights);

    private static (AdapterErrorKind Kind, string Code, Action<SmallLora> Spoil, bool HasWeights) Malformed(string code, Action<SmallLora> spoil) =>
        (AdapterErrorKind.Malformed, code, spoil, false);

    private static void AddTokens(SmallLora lora, long[] shape, params int[] ids)
    {
        lora.Config["trainable_token_indices"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]);
        lora.Add("model.embed_tokens.token_adapter.trainable_tokens_delta", shape);
    }

    private static void AddEmbedding(SmallLora lora, long[] a, long[]? b)
    {
        lora.Config["target_modules"] = new JsonArray("q_proj", "v_proj", "embed_tokens");
        lora.Add("model.embed_tokens.lora_embedding_A", a);
        if (b is not null)
        {
            lora.Add("model.embed_tokens.lora_embedding_B", b);
        }
    }

    private static void AddBiases(SmallLora lora, int queryBias)
    {
        lora.Config["bias"] = "lora_only";
        for (var layer = 0; layer < 2; layer++)
        {
            lora.Add($"model.layers.{layer}.self_attn.q_proj.base_layer.bias", [queryBias]);
            lora.Add($"model.layers.{layer}.self_attn.v_proj.base_layer.bias", [4]);
        }
    }

    private static void RemovePair(SmallLora lora, string path)
    {
        lora.Remove(path + ".lora_A.weight");
        lora.Remove(path + ".lora_B.weight");
    }

    private static void SpoilAs(SmallLora lora, SafetensorsType type)
    {
        lora.Type = type;
        lora.Tensors[SmallLora.Prefix + V1 + ".lora_B.weight"].Values[0] = float.PositiveInfinity;
    }

    private static void SaveHead(SmallLora lora, long[] shape)
    {
        lora.Config["modules_to_save"] = new JsonArray("lm_head");
        lora.Add("lm_head.weight", shape);
    }
}

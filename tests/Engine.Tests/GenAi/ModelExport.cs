using System.Text.Json.Nodes;
using AdapterServe.Engine.Models.Onnx;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>
/// Writes a folder as ONNX Runtime GenAI's model builder does: operators, names and configuration are its own, the weights given or random.
/// </summary>
internal sealed class ModelExport(ExportOptions options, IReadOnlyDictionary<string, float[]> given) : ExportGraph(options.IsInline, given)
{
    private readonly Random _random = new(7);
    private readonly string _unit = "/model/embed_tokens";

    public JsonObject Config { get; } = new();

    /// <param name="options">What is exported.</param>
    /// <param name="given">Weights by the names that the graph has for them; the others are random.</param>
    public static ModelExport Of(ExportOptions options, IReadOnlyDictionary<string, float[]>? given = null)
    {
        var export = new ModelExport(options, given ?? new Dictionary<string, float[]>());
        export.AddInterface();
        export.AddBody();
        export.AddConfig();
        return export;
    }

    public void Write(string folder)
    {
        WriteModel(folder);
        File.WriteAllText(Path.Combine(folder, "genai_config.json"), Config.ToJsonString());
    }

    private void AddInterface()
    {
        AddInput("input_ids", TensorProto.Types.DataType.Int64, "batch_size", "sequence_length");
        AddInput("attention_mask", TensorProto.Types.DataType.Int64, "batch_size", "total_sequence_length");
        if (options.HasRotaryNodes)
        {
            AddInput("position_ids", TensorProto.Types.DataType.Int64, "batch_size", "sequence_length");
        }

        for (var layer = 0; layer < options.Layers; layer++)
        {
            foreach (var part in (string[])["key", "value"])
            {
                AddInput($"past_key_values.{layer}.{part}", TensorProto.Types.DataType.Float, "batch_size", options.KvHeads, "past_sequence_length", "kv_cache_dim");
                Graph.Output.Add(Describe($"present.{layer}.{part}", TensorProto.Types.DataType.Float, "batch_size", options.KvHeads, "total_sequence_length", "kv_cache_dim"));
            }
        }

        Graph.Output.Add(Describe("logits", TensorProto.Types.DataType.Float, "batch_size", "sequence_length", options.Vocabulary));
        AddLengths();
    }

    private void AddLengths()
    {
        const string at = "/model/attn_mask_reformat/attn_mask_subgraph/";
        Add(at + "ReduceSum", "ReduceSum", ["attention_mask", Integers(1)], "", ("keepdims", 0L));
        Add(at + "Sub", "Sub", [at + "ReduceSum/output_0", Integers(1)]);
        Add(at + "Sub/Cast", "Cast", [at + "Sub/output_0"], "", ("to", 6L));
        Add(at + "Shape", "Shape", ["attention_mask"]);
        Add(at + "Gather", "Gather", [at + "Shape/output_0", Integer(1)], "", ("axis", 0L));
        Add(at + "Gather/Cast", "Cast", [at + "Gather/output_0"], "", ("to", 6L));
    }

    private void AddBody()
    {
        var residual = AddEmbedding();
        string? added = null;
        for (var layer = 0; layer < options.Layers; layer++)
        {
            var at = $"/model/layers.{layer}";
            var normed = AddNorm($"{at}/input_layernorm", ref residual, added);
            added = Scaled($"{at}/residual_mul/Mul_1", AddAttention(layer, $"{at}/attn", normed));
            added = options.HasOutputNorms ? AddNorm($"{at}/post_attention_layernorm", added) : added;
            normed = AddNorm(options.HasOutputNorms ? $"{at}/pre_feedforward_layernorm" : $"{at}/post_attention_layernorm", ref residual, added);
            added = Scaled($"{at}/residual_mul/Mul_2", AddFeedForward($"{at}/mlp", normed));
            added = options.HasOutputNorms ? AddNorm($"{at}/post_feedforward_layernorm", added) : added;
        }

        AddHead(AddNorm($"/model/layers.{options.Layers}/final_norm_layernorm", ref residual, added, isLast: true));
    }

    private string AddEmbedding()
    {
        string gathered;
        if (options.IsTied && options.Bits > 0)
        {
            AddBlocks("lm_head.MatMul", options.Vocabulary, options.Hidden);
            Add($"{_unit}/Reshape", "Reshape", ["lm_head.MatMul.weight_Q", Integers(options.Vocabulary, options.Hidden * options.Bits / 8)]);
            string[] inputs = [$"{_unit}/Reshape/output_0", "input_ids", "lm_head.MatMul.weight_scales"];
            gathered = Add(
                $"{_unit}/GatherBlockQuantized", "GatherBlockQuantized", options.ZeroPoints is null ? inputs : [.. inputs, "lm_head.MatMul.weight_zp"], Contrib,
                ("bits", (long)options.Bits), ("block_size", (long)options.BlockSize), ("gather_axis", 0L), ("quantize_axis", 1L));
        }
        else if (options.IsTied)
        {
            AddTensor("lm_head.MatMul.weight", Numbers(options.Hidden * options.Vocabulary, 0.5f), options.Hidden, options.Vocabulary);
            Add($"{_unit}/Transpose", "Transpose", ["lm_head.MatMul.weight"], "", ("perm", (long[])[1, 0]));
            gathered = Add($"{_unit}/Gather", "Gather", [$"{_unit}/Transpose/output_0", "input_ids"]);
        }
        else
        {
            AddTensor("model.embed_tokens.weight", Numbers(options.Vocabulary * options.Hidden, 1), options.Vocabulary, options.Hidden);
            gathered = Add($"{_unit}/Gather", "Gather", ["model.embed_tokens.weight", "input_ids"]);
        }

        return options.EmbeddingScale == 1 ? gathered : Add($"{_unit}/Mul", "Mul", [gathered, Float(options.EmbeddingScale)]);
    }

    private string AddAttention(int layer, string at, string normed)
    {
        var (querySize, kvSize) = (options.Heads * options.HeadSize, options.KvHeads * options.HeadSize);
        string q, k = "", v = "";
        if (options.IsPacked)
        {
            q = AddLinear($"{at}/qkv_proj", normed, querySize + kvSize + kvSize, options.HasBias);
            if (options.HasHeadNorms)
            {
                string[] parts = [.. Enumerable.Range(0, 3).Select(i => $"{at}/qkv_proj/Split/output_{i}")];
                Add($"{at}/qkv_proj/Split", "Split", [q, Integers(querySize, kvSize, kvSize)], parts, "", ("axis", -1L));
                (q, k, v) = (parts[0], parts[1], parts[2]);
            }
        }
        else
        {
            q = AddLinear($"{at}/q_proj", normed, querySize, options.HasBias);
            k = AddLinear($"{at}/k_proj", normed, kvSize, options.HasBias);
            v = AddLinear($"{at}/v_proj", normed, kvSize, bias: false);
        }

        if (options.HasHeadNorms)
        {
            (q, k) = (AddHeadNorm($"{at}/q_norm", q, querySize), AddHeadNorm($"{at}/k_norm", k, kvSize));
        }

        return AddLinear($"{at}/o_proj", AddGroupQuery(layer, at, q, k, v), options.Hidden, options.HasBias);
    }

    private string AddGroupQuery(int layer, string at, string q, string k, string v)
    {
        const string lengths = "/model/attn_mask_reformat/attn_mask_subgraph/";
        var rotates = !options.SkipsRotation || layer % 2 == 0;
        var (cos, sin) = rotates ? AddTables(layer) : ("", "");
        if (options.HasRotaryNodes)
        {
            (q, k) = (AddRotation($"{at}/q_rotary", q, cos, sin, options.Heads), AddRotation($"{at}/k_rotary", k, cos, sin, options.KvHeads));
            (cos, sin) = ("", "");
        }

        var name = $"{at}/GroupQueryAttention";
        Add(
            name,
            "GroupQueryAttention",
            [q, k, v, $"past_key_values.{layer}.key", $"past_key_values.{layer}.value", lengths + "Sub/Cast/output_0", lengths + "Gather/Cast/output_0", cos, sin, "", "", ""],
            [$"{name}/output_0", $"present.{layer}.key", $"present.{layer}.value"],
            Contrib,
            ("num_heads", (long)options.Heads), ("kv_num_heads", (long)options.KvHeads), ("scale", options.AttentionScale ?? (float)(1 / Math.Sqrt(options.HeadSize))),
            ("local_window_size", options.IsLocal(layer) ? options.Window : -1L), ("softcap", options.SoftCap), ("do_rotary", cos.Length > 0 ? 1L : 0L), ("rotary_interleaved", 0L));
        return $"{name}/output_0";
    }

    private string AddRotation(string at, string input, string cos, string sin, int heads) => Add(
        $"{at}/RotaryEmbedding", "RotaryEmbedding", [input, "position_ids", cos, sin], Contrib,
        ("interleaved", 0L), ("num_heads", options.RotatingDimensions == options.HeadSize ? 0L : heads),
        ("rotary_embedding_dim", options.RotatingDimensions == options.HeadSize ? 0L : options.RotatingDimensions));

    private (string Cos, string Sin) AddTables(int layer)
    {
        var suffix = options.HasLocalTables && options.IsLocal(layer) ? "_local" : "";
        if (!Know("tables" + suffix))
        {
            return ("cos_cache" + suffix, "sin_cache" + suffix);
        }

        if (options.FirstContext > 0)
        {
            AddChoice();
        }
        else
        {
            AddTensor("cos_cache" + suffix, Angles(options.Context, suffix.Length > 0 ? 100 : 10_000, Math.Cos), options.Context, options.RotatingDimensions / 2);
            AddTensor("sin_cache" + suffix, Angles(options.Context, suffix.Length > 0 ? 100 : 10_000, Math.Sin), options.Context, options.RotatingDimensions / 2);
        }

        return ("cos_cache" + suffix, "sin_cache" + suffix);
    }

    private void AddChoice()
    {
        const string at = "/model/rope_caches_subgraph/";
        Add(at + "Greater", "Greater", ["/model/attn_mask_reformat/attn_mask_subgraph/Gather/output_0", Integer(options.FirstContext)]);
        var node = Node(at + "If", "If", [at + "Greater/output_0"], ["cos_cache", "sin_cache"], "");
        node.Attribute.Add(Branch("then_branch", "large", options.Context, 50));
        node.Attribute.Add(Branch("else_branch", "small", options.FirstContext, 10_000));
        Graph.Node.Add(node);
    }

    private AttributeProto Branch(string name, string size, int positions, double theta)
    {
        var graph = new GraphProto { Name = size };
        foreach (var (part, function) in ((string, Func<double, double>)[])[("cos", Math.Cos), ("sin", Math.Sin)])
        {
            var output = $"{part}_cache_{size}";
            var node = Node($"/{size}/{part}_cache/Constant", "Constant", [], [output], "");
            node.Attribute.Add(Attribute("value", Inline(output, Given(output) ?? Angles(positions, theta, function), positions, options.RotatingDimensions / 2)));
            graph.Node.Add(node);
            graph.Output.Add(Describe(output, TensorProto.Types.DataType.Float, positions, options.RotatingDimensions / 2));
        }

        return new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };
    }

    private string AddHeadNorm(string at, string input, int width)
    {
        Add($"{at}/Reshape_1", "Reshape", [input, Integers(0, -1, options.HeadSize)]);
        var weight = $"{at[1..].Replace('/', '.')}.layernorm.weight";
        AddTensor(weight, Numbers(options.HeadSize, 0.3f, 1), options.HeadSize);
        Add($"{at}/SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [$"{at}/Reshape_1/output_0", weight], "", ("epsilon", options.Epsilon), ("axis", -1L), ("stash_type", 1L));
        return Add($"{at}/Reshape_2", "Reshape", [$"{at}/SimplifiedLayerNormalization/output_0", Integers(0, -1, width)]);
    }

    private string AddFeedForward(string at, string normed)
    {
        var gate = AddLinear($"{at}/gate_proj", normed, options.FeedForward, bias: false);
        var up = AddLinear($"{at}/up_proj", normed, options.FeedForward, bias: false);
        var active = options.Activation switch
        {
            "Sigmoid" => Add($"{at}/act_fn/Mul", "Mul", [gate, Add($"{at}/act_fn/Sigmoid", "Sigmoid", [gate])]),
            "Gelu" => Add($"{at}/act_fn/Gelu", "Gelu", [gate], "", ("approximate", "none")),
            "FastGelu" => Add($"{at}/act_fn/FastGelu", "Gelu", [gate], "", ("approximate", "tanh")),
            "Relu" => Add($"{at}/act_fn/Relu", "Relu", [gate]),
            var activation => Add($"{at}/act_fn/{activation}", activation, [gate], Contrib),
        };
        return AddLinear($"{at}/down_proj", Add($"{at}/Mul", "Mul", [active, up]), options.Hidden, options.HasBias);
    }

    private void AddHead(string normed)
    {
        if (options.IsPruned)
        {
            Add("/lm_head/prune/Gather", "Gather", [normed, Integer(-1)], "", ("axis", 1L));
            normed = Add("/lm_head/prune/Unsqueeze", "Unsqueeze", ["/lm_head/prune/Gather/output_0", Integers(1)]);
        }

        var logits = AddLinear("/lm_head", normed, options.Vocabulary, bias: false);
        logits = options.LogitScale == 1 ? logits : Add("/lm_head/Mul", "Mul", [logits, Float(options.LogitScale)]);
        if (options.LogitSoftCap > 0)
        {
            Add("/lm_head/softcap/Div", "Div", [logits, Float(options.LogitSoftCap)]);
            Add("/lm_head/softcap/Tanh", "Tanh", ["/lm_head/softcap/Div/output_0"]);
            Add("/lm_head/softcap/Mul", "Mul", ["/lm_head/softcap/Tanh/output_0", Float(options.LogitSoftCap)]);
        }

        Graph.Node[^1].Output[0] = "logits";
    }

    private string AddNorm(string at, string input)
    {
        var nothing = input;
        return AddNorm(at, ref nothing, null);
    }

    private string AddNorm(string at, ref string residual, string? added, bool isLast = false)
    {
        var weight = $"{at[1..].Replace('/', '.')}.weight";
        AddTensor(weight, Numbers(options.Hidden, 0.3f, 1), options.Hidden);
        if (added is null)
        {
            Add($"{at}/LayerNorm", "SimplifiedLayerNormalization", [residual, weight], [$"{at}/output_0"], "", ("epsilon", options.Epsilon), ("axis", -1L), ("stash_type", 1L));
        }
        else
        {
            string[] outputs = [$"{at}/output_0", "", "", $"{at}/output_3"];
            Add($"{at}/SkipLayerNorm", "SkipSimplifiedLayerNormalization", [residual, added, weight], isLast ? outputs[..1] : outputs, Contrib, ("epsilon", options.Epsilon));
            residual = outputs[3];
        }

        return $"{at}/output_0";
    }

    private string AddLinear(string at, string input, int outputs, bool bias)
    {
        var inputs = at.EndsWith("o_proj", StringComparison.Ordinal) ? options.Heads * options.HeadSize : at.EndsWith("down_proj", StringComparison.Ordinal) ? options.FeedForward : options.Hidden;
        var name = at[1..].Replace('/', '.');
        var product = options.Bits > 0 ? AddBlockProduct(at, name, input, inputs, outputs) : AddFloatProduct(at, name, input, inputs, outputs);
        if (HasGiven ? Given($"{name}.Add.bias") is null : !bias)
        {
            return product;
        }

        AddTensor($"{name}.Add.bias", Numbers(outputs, 0.3f), outputs);
        return Add($"{at}/Add", "Add", [product, $"{name}.Add.bias"]);
    }

    private string AddFloatProduct(string at, string name, string input, int inputs, int outputs)
    {
        if (!Knows($"{name}.MatMul.weight"))
        {
            AddTensor($"{name}.MatMul.weight", Numbers(inputs * outputs, 0.3f), inputs, outputs);
        }

        return Add($"{at}/MatMul", "MatMul", [input, $"{name}.MatMul.weight"]);
    }

    private string AddBlockProduct(string at, string name, string input, int inputs, int outputs)
    {
        if (!Knows($"{name}.MatMul.weight_Q"))
        {
            AddBlocks($"{name}.MatMul", outputs, inputs);
        }

        string[] operands = [input, $"{name}.MatMul.weight_Q", $"{name}.MatMul.weight_scales", options.ZeroPoints is null ? "" : $"{name}.MatMul.weight_zp", options.HasGroups ? $"{name}.g_idx" : ""];
        if (options.HasGroups)
        {
            var groups = Enumerable.Range(0, inputs).Select(column => column / options.BlockSize).ToArray();
            _random.Shuffle(groups);
            AddTensor($"{name}.g_idx", groups, inputs);
        }

        return Add(
            $"{at}/MatMul_Q{options.Bits}", "MatMulNBits", [.. operands.Take(Array.FindLastIndex(operands, operand => operand.Length > 0) + 1)], Contrib,
            ("K", (long)inputs), ("N", (long)outputs), ("bits", (long)options.Bits), ("block_size", (long)options.BlockSize), ("accuracy_level", (long)options.AccuracyLevel));
    }

    private void AddBlocks(string name, int rows, int columns)
    {
        var blocks = (columns + options.BlockSize - 1) / options.BlockSize;
        var middle = (1 << options.Bits) / 2;
        if (Given($"{name}.weight") is { } weight)
        {
            var (codes, scales) = SymmetricBlocks.Of(weight, rows, options.BlockSize);
            AddTensor($"{name}.weight_Q", codes, rows, blocks, options.BlockSize / 2);
            AddTensor($"{name}.weight_scales", scales, rows, blocks);
            return;
        }

        AddTensor($"{name}.weight_Q", Bytes(rows * blocks * options.BlockSize * options.Bits / 8), rows, blocks, options.BlockSize * options.Bits / 8);
        AddTensor($"{name}.weight_scales", Numbers(rows * blocks, 0.05f / middle, 0.3f / middle), rows, blocks);
        if (options.ZeroPoints == "float")
        {
            AddTensor($"{name}.weight_zp", Numbers(rows * blocks, 1.5f, middle), rows, blocks);
        }
        else if (options.ZeroPoints is not null)
        {
            AddTensor($"{name}.weight_zp", Bytes(rows * ((blocks * options.Bits + 7) / 8)), rows, (blocks * options.Bits + 7) / 8);
        }
    }

    private void AddConfig()
    {
        var inputs = new JsonObject { ["input_ids"] = "input_ids", ["attention_mask"] = "attention_mask", ["past_key_names"] = "past_key_values.%d.key", ["past_value_names"] = "past_key_values.%d.value" };
        if (options.HasRotaryNodes)
        {
            inputs["position_ids"] = "position_ids";
        }

        Config["model"] = new JsonObject
        {
            ["bos_token_id"] = 1,
            ["context_length"] = options.Context,
            ["decoder"] = new JsonObject
            {
                ["session_options"] = new JsonObject { ["log_id"] = "onnxruntime-genai", ["provider_options"] = new JsonArray() },
                ["filename"] = "model.onnx",
                ["head_size"] = options.HeadSize,
                ["hidden_size"] = options.Hidden,
                ["inputs"] = inputs,
                ["outputs"] = new JsonObject { ["logits"] = "logits", ["present_key_names"] = "present.%d.key", ["present_value_names"] = "present.%d.value" },
                ["num_attention_heads"] = options.Heads,
                ["num_hidden_layers"] = options.Layers,
                ["num_key_value_heads"] = options.KvHeads,
            },
            ["eos_token_id"] = new JsonArray([.. options.EndIds.Select(id => JsonValue.Create(id))]),
            ["pad_token_id"] = 0,
            ["type"] = options.Type,
            ["vocab_size"] = options.Vocabulary,
        };
        Config["search"] = JsonNode.Parse("""{"do_sample":true,"temperature":0.7,"top_k":40,"top_p":0.9,"repetition_penalty":1.1,"min_length":0,"max_length":64,"num_beams":1}""");
    }

    private string Scaled(string at, string input) => options.ResidualScale == 1 ? input : Add(at, "Mul", [input, Float(options.ResidualScale)]);

    private float[] Numbers(int count, float spread, float middle = 0) => [.. Enumerable.Range(0, count).Select(_ => middle + (spread * ((2 * _random.NextSingle()) - 1)))];

    private float[] Angles(int positions, double theta, Func<double, double> function)
    {
        var half = options.RotatingDimensions / 2;
        return [.. Enumerable.Range(0, positions * half).Select(i => (float)function(i / half * Math.Pow(theta, -(double)(i % half) / half)))];
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Graph;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>A family's model as the model builder exports it: its configuration's options, its Hugging Face folder's weights.</summary>
internal sealed class FamilyExport(JsonElement config, ImportedModel original)
{
    private readonly Dictionary<string, float[]> _given = [];
    private readonly ModelShape _shape = original.Shape;

    private int QuerySize => _shape.Heads * _shape.HeadSize;

    private int FeedForward => config.GetProperty("intermediate_size").GetInt32();

    /// <summary>Whether the model builder has an export for a family.</summary>
    public static bool Knows(string family) => family != "gpt2";

    public static void Write(string family, ImportedModel original, string folder)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(family, "model", "config.json")));
        var export = new FamilyExport(config.RootElement, original);
        export.AddWeights();
        ModelExport.Of(export.Options(), export._given).Write(folder);
    }

    private ExportOptions Options()
    {
        var type = config.GetProperty("model_type").GetString()!;
        var isGemma = type.StartsWith("gemma", StringComparison.Ordinal);
        var layerTypes = config.TryGetProperty("layer_types", out var types) ? types.EnumerateArray().Select(layer => layer.GetString()).ToArray() : null;
        return new ExportOptions
        {
            Type = type, Layers = _shape.Layers, Hidden = _shape.HiddenSize, FeedForward = FeedForward, Heads = _shape.Heads, KvHeads = _shape.KvHeads,
            HeadSize = _shape.HeadSize, Vocabulary = _shape.VocabularySize, Context = _shape.ContextTokens,
            EndIds = [.. _shape.EosTokenIds],
            Epsilon = config.GetProperty("rms_norm_eps").GetSingle(),
            RotatingDimensions = (int)Reference(GraphNames.CosTable(0))!.Shape[1] * 2,
            FirstContext = _shape.LongRotation?.From ?? 0,
            HasHeadNorms = Find("model.layers.0.self_attn.q_norm.weight") is not null,
            HasOutputNorms = Find("model.layers.0.pre_feedforward_layernorm.weight") is not null,
            HasLocalTables = Reference(GraphNames.CosTable(1)) is not null,
            IsLocal = layer => layerTypes is null || layerTypes[layer] == "sliding_attention",
            Window = (int)(Number("sliding_window") ?? -1),
            SoftCap = (float)(Number("attn_logit_softcapping") ?? 0),
            LogitSoftCap = (float)(Number("final_logit_softcapping") ?? 0),
            AttentionScale = Number("query_pre_attn_scalar") is { } scalar ? (float)Math.Pow(scalar, -0.5) : null,
            EmbeddingScale = isGemma ? (float)Math.Sqrt(_shape.HiddenSize) : 1,
            Activation = isGemma ? "FastGelu" : "Sigmoid",
        };
    }

    private void AddWeights()
    {
        _given["model.embed_tokens.weight"] = Find("model.embed_tokens.weight")!;
        AddMatrix("lm_head.MatMul.weight", Find("lm_head.weight") ?? Find("model.embed_tokens.weight")!, _shape.HiddenSize);
        _given[$"model.layers.{_shape.Layers}.final_norm_layernorm.weight"] = Find("model.norm.weight")!;
        for (var layer = 0; layer < _shape.Layers; layer++)
        {
            AddLayer($"model.layers.{layer}");
        }

        AddTables();
    }

    private void AddLayer(string at)
    {
        foreach (var norm in (string[])["input", "post_attention", "pre_feedforward", "post_feedforward"])
        {
            Add($"{at}.{norm}_layernorm.weight", Find($"{at}.{norm}_layernorm.weight"));
        }

        AddMatrix($"{at}.attn.qkv_proj.MatMul.weight", Find($"{at}.self_attn.qkv_proj.weight") ?? Joined(at, "weight")!, _shape.HiddenSize);
        Add($"{at}.attn.qkv_proj.Add.bias", Joined(at, "bias"));
        AddMatrix($"{at}.attn.o_proj.MatMul.weight", Find($"{at}.self_attn.o_proj.weight")!, QuerySize);
        Add($"{at}.attn.o_proj.Add.bias", Find($"{at}.self_attn.o_proj.bias"));
        Add($"{at}.attn.q_norm.layernorm.weight", Find($"{at}.self_attn.q_norm.weight"));
        Add($"{at}.attn.k_norm.layernorm.weight", Find($"{at}.self_attn.k_norm.weight"));
        var fused = Find($"{at}.mlp.gate_up_proj.weight");
        AddMatrix($"{at}.mlp.gate_proj.MatMul.weight", fused?[..(fused.Length / 2)] ?? Find($"{at}.mlp.gate_proj.weight")!, _shape.HiddenSize);
        AddMatrix($"{at}.mlp.up_proj.MatMul.weight", fused?[(fused.Length / 2)..] ?? Find($"{at}.mlp.up_proj.weight")!, _shape.HiddenSize);
        AddMatrix($"{at}.mlp.down_proj.MatMul.weight", Find($"{at}.mlp.down_proj.weight")!, FeedForward);
    }

    /// <summary>Of two tables the second is the local layers'.</summary>
    private void AddTables()
    {
        foreach (var (part, table) in ((string, Func<int, string>)[])[("cos", GraphNames.CosTable), ("sin", GraphNames.SinTable)])
        {
            if (Reference(table(1)) is not null)
            {
                _given[$"{part}_cache_local"] = Find(table(1))!;
                _given[$"{part}_cache"] = Find(table(0))!;
                continue;
            }

            var all = Find(table(0))!;
            _given[$"{part}_cache"] = all;
            if (_shape.LongRotation is { } rotation)
            {
                var width = (int)Reference(table(0))!.Shape[1];
                _given[$"{part}_cache_small"] = all[..(rotation.From * width)];
                _given[$"{part}_cache_large"] = all[(rotation.FirstRow * width)..];
            }
        }
    }

    private float[]? Joined(string at, string part) => Find($"{at}.self_attn.q_proj.{part}") is { } query
        ? [.. query, .. Find($"{at}.self_attn.k_proj.{part}")!, .. Find($"{at}.self_attn.v_proj.{part}")!]
        : null;

    private void Add(string name, float[]? values)
    {
        if (values is not null)
        {
            _given[name] = values;
        }
    }

    /// <summary>[out, in] as a MatMul node has it.</summary>
    private void AddMatrix(string name, float[] matrix, int columns)
    {
        var rows = matrix.Length / columns;
        _given[name] = [.. Enumerable.Range(0, matrix.Length).Select(i => matrix[(i % rows * columns) + (i / rows)])];
    }

    private double? Number(string field) => config.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private Engine.Models.Weights.WeightReference? Reference(string name) => original.Weights.SingleOrDefault(weight => weight.Name == name);

    private float[]? Find(string name)
    {
        if (Reference(name) is not { } weight)
        {
            return null;
        }

        var values = new float[weight.Bytes / sizeof(float)];
        using var file = File.OpenHandle(weight.Path);
        RandomAccess.Read(file, MemoryMarshal.AsBytes(values.AsSpan()), weight.Offset);
        return values;
    }
}

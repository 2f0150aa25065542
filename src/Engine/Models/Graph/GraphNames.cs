namespace AdapterServe.Engine.Models.Graph;

/// <summary>
/// Names of the graph's inputs, outputs and our operators.
/// <b>Shapes</b>: T tokens of the step, B sequences, L rows that need logits, V vocabulary, N blocks of P positions, K key-value heads of size D.
/// </summary>
public static class GraphNames
{
    /// <summary>int64 [T].</summary>
    public const string InputIds = "input_ids";

    /// <summary>int32 [B, blocks of the longest sequence].</summary>
    public const string BlockTable = "block_table";

    /// <summary>int32 [B+1].</summary>
    public const string CumulativeSequenceLengths = "cumulative_sequence_lengths";

    /// <summary>int32 [B].</summary>
    public const string PastSequenceLengths = "past_sequence_lengths";

    /// <summary>int64 [L]: rows of the flattened batch.</summary>
    public const string LogitsRows = "logits_rows";

    /// <summary>f32 [L, V].</summary>
    public const string Logits = "logits";

    /// <summary>int64 [T]: where each token stands in its sequence; only of models that learned positions.</summary>
    public const string PositionIds = "position_ids";

    /// <summary>The domain of our operators.</summary>
    public const string OpDomain = "adapterserve";

    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string ContribDomain = "com.microsoft";

    private const string KeyCaches = "key_cache.";

    private const string ValueCaches = "value_cache.";

    public const string SiteInput = "SiteInput";

    public const string AttentionSite = "AttentionSite";

    public const string SiteOutput = "SiteOutput";

    public const string EmbeddingSite = "EmbeddingSite";

    public const string SublayerSite = "SublayerSite";

    public const string PagedAttention = "PagedAttention";

    public const string BlockQuantizedProduct = "BlockQuantizedProduct";

    public const string FusableProduct = "FusableProduct";

    /// <summary>Initializer, f32: cosines of one of the model's rotations.</summary>
    public static string CosTable(int rotary) => $"cos_table.{rotary}";

    /// <summary>Initializer, f32: sines of one of the model's rotations.</summary>
    public static string SinTable(int rotary) => $"sin_table.{rotary}";

    /// <summary>f32 or bf16 [N, P, K, D], or int8 [N, P, K, D + 4], written in place.</summary>
    public static string KeyCache(int layer) => $"{KeyCaches}{layer}";

    /// <summary>f32 or bf16 [N, P, K, D], or int8 [N, P, K, D + 4], written in place.</summary>
    public static string ValueCache(int layer) => $"{ValueCaches}{layer}";

    internal static bool IsCache(string input) =>
        input.StartsWith(KeyCaches, StringComparison.Ordinal) || input.StartsWith(ValueCaches, StringComparison.Ordinal);
}

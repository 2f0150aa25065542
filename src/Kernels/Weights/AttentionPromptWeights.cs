namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Keys and values that every token of a layer attends to beside the sequence's own. <b>Shapes</b>: keys and values [Count, KvHeads, HeadSize].
/// <b>Layout</b>: f32 [KvHeads][Count][HeadSize, zero-padded to sixteen].
/// </summary>
public sealed unsafe class AttentionPromptWeights : FormWeights
{
    private AttentionPromptWeights(int heads, int kvHeads, int headSize, int count, float gate, float* keys, float* values, long bytes)
        : base(FormKind.AttentionPrompt, heads * headSize, heads * headSize, bytes)
    {
        (Heads, KvHeads, HeadSize, Count, Gate) = (heads, kvHeads, headSize, count, gate);
        Keys = keys;
        Values = values;
    }

    public int Heads { get; }

    public int KvHeads { get; }

    public int HeadSize { get; }

    public int Count { get; }

    /// <summary>Multiplies what is attended to.</summary>
    public float Gate { get; }

    internal float* Keys { get; }

    internal float* Values { get; }

    public static AttentionPromptWeights Pack(
        WeightArena arena, int heads, int kvHeads, int headSize, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, float gate)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(headSize, 1);
        Shape.Require("AttentionPrompt", "heads modulo KV heads", 0, heads % kvHeads);
        var width = checked(kvHeads * headSize);
        Shape.RequireRange("AttentionPrompt", "keys", width, int.MaxValue, keys.Length);
        Shape.Require("AttentionPrompt", "keys modulo KV heads times head size", 0, keys.Length % width);
        Shape.Require("AttentionPrompt", "values", keys.Length, values.Length);
        var count = keys.Length / width;
        var bytes = BytesOf(kvHeads, headSize, count) / 2;
        var packedKeys = (float*)arena.Allocate(bytes);
        var packedValues = (float*)arena.Allocate(bytes);
        var padded = Packing.RoundUp(headSize);
        for (var i = 0; i < count * kvHeads; i++)
        {
            var (row, head) = Math.DivRem(i, kvHeads);
            var target = (((nint)head * count) + row) * padded;
            keys.Slice(i * headSize, headSize).CopyTo(new Span<float>(packedKeys + target, headSize));
            values.Slice(i * headSize, headSize).CopyTo(new Span<float>(packedValues + target, headSize));
        }

        return new AttentionPromptWeights(heads, kvHeads, headSize, count, gate, packedKeys, packedValues, 2 * bytes);
    }

    public static long BytesOf(int kvHeads, int headSize, int count) => 2L * kvHeads * count * Packing.RoundUp(headSize) * sizeof(float);
}

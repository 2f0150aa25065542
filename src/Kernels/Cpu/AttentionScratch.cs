using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>The memory of one task: what it needs between two chunks.</summary>
internal readonly unsafe struct AttentionScratch
{
    private readonly byte* _running;
    private readonly int _rows;
    private readonly int _headSize;

    /// <param name="memory">As many bytes as Measure says.</param>
    /// <param name="rows">Query rows of one KV head.</param>
    /// <param name="heads">KV heads of the piece.</param>
    /// <param name="headSize">D.</param>
    public AttentionScratch(void* memory, int rows, int heads, int headSize)
    {
        var width = Packing.RoundUp(headSize);
        _rows = rows;
        _headSize = headSize;
        Keys = (float*)memory;
        Gathered = Keys + (AttentionWorkspace.Chunk * width);
        Values = Gathered + (16 * width);
        Weights = Values + (ValueRows(headSize) * width);
        var chunk = (byte*)(Weights + ((nint)heads * rows * AttentionWorkspace.Chunk));
        Chunk = new AttentionPartial(chunk, rows, width);
        _running = chunk + AttentionWorkspace.PartialBytes(rows, headSize);
    }

    /// <summary>[blocks of 16 keys][D padded][16 keys].</summary>
    public float* Keys { get; }

    /// <summary>[16 keys, D padded].</summary>
    public float* Gathered { get; }

    /// <summary>[Chunk, D padded], only where D is not a multiple of sixteen.</summary>
    public float* Values { get; }

    /// <summary>Logits, then softmax weights: [heads, rows, Chunk].</summary>
    public float* Weights { get; }

    public AttentionPartial Chunk { get; }

    public static long Measure(int rows, int heads, int group, int headSize) => Math.Max(Measure(rows, 1, headSize), Measure(group, heads, headSize));

    /// <summary>The sum over the chunks of the span so far, of one of the piece's KV heads.</summary>
    public AttentionPartial Running(int head) => Partial(2 * head);

    /// <summary>The sum over the spans so far.</summary>
    public AttentionPartial Whole(int head) => Partial((2 * head) + 1);

    private AttentionPartial Partial(int index) =>
        new(_running + (index * AttentionWorkspace.PartialBytes(_rows, _headSize)), _rows, Packing.RoundUp(_headSize));

    private static long Measure(int rows, int heads, int headSize)
    {
        var width = Packing.RoundUp(headSize);
        var floats = ((long)(AttentionWorkspace.Chunk + 16 + ValueRows(headSize)) * width) + ((long)heads * rows * AttentionWorkspace.Chunk);
        return AttentionWorkspace.Align(floats * sizeof(float)) + (((2 * heads) + 1) * AttentionWorkspace.PartialBytes(rows, headSize));
    }

    private static int ValueRows(int headSize) => headSize % 16 == 0 ? 0 : AttentionWorkspace.Chunk;
}

using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>The memory of one task: what it needs between two chunks.</summary>
internal readonly unsafe struct AttentionScratch
{
    public AttentionScratch(void* memory, int rows, int headSize)
    {
        var width = Packing.RoundUp(headSize);
        Keys = (float*)memory;
        Gathered = Keys + (AttentionWorkspace.KeyTile * width);
        Values = Gathered + (16 * width);
        Weights = Values + (ValueRows(headSize) * width);
        Chunk = new AttentionPartial((byte*)(Weights + ((nint)rows * AttentionWorkspace.Chunk)), rows, width);
        Running = new AttentionPartial((byte*)Chunk.Sums + AttentionWorkspace.PartialBytes(rows, headSize), rows, width);
    }

    /// <summary>[4 blocks][D padded][16 keys].</summary>
    public float* Keys { get; }

    /// <summary>[16 keys, D padded].</summary>
    public float* Gathered { get; }

    /// <summary>[Chunk, D padded], only where D is not a multiple of sixteen.</summary>
    public float* Values { get; }

    /// <summary>Logits, then softmax weights: [rows, Chunk].</summary>
    public float* Weights { get; }

    public AttentionPartial Chunk { get; }

    public AttentionPartial Running { get; }

    public static long Measure(int rows, int headSize)
    {
        var width = Packing.RoundUp(headSize);
        var floats = ((long)(AttentionWorkspace.KeyTile + 16 + ValueRows(headSize)) * width) + ((long)rows * AttentionWorkspace.Chunk);
        return AttentionWorkspace.Align(floats * sizeof(float)) + (2 * AttentionWorkspace.PartialBytes(rows, headSize));
    }

    private static int ValueRows(int headSize) => headSize % 16 == 0 ? 0 : AttentionWorkspace.Chunk;
}

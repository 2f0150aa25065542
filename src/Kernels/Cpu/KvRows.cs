using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>How a KV cache [blocks, block size, KV heads, <see cref="Elements"/>] is laid out, and how rows come into it that no step
/// computes.</summary>
public static unsafe class KvRows
{
    /// <summary>The last dimension: a head's numbers, and behind them the scale where there is one.</summary>
    public static int Elements(KvType type, int headSize) => type == KvType.Int8 ? Int8Element.RowElements(headSize) : headSize;

    /// <summary>Of one position's row of one head.</summary>
    public static int Bytes(KvType type, int headSize) => Elements(type, headSize) * type switch
    {
        KvType.F32 => F32Element.Bytes,
        KvType.BF16 => BF16Element.Bytes,
        _ => Int8Element.Bytes,
    };

    /// <summary>Stores the rows of all KV heads of one position. <b>Shapes</b>: heads [KV heads, headSize].</summary>
    /// <param name="type">How the cache holds them.</param>
    /// <param name="heads">Keys or values.</param>
    /// <param name="headSize">D.</param>
    /// <param name="cache">The keys' or the values'.</param>
    /// <param name="slot">block * block size + the position's place in its block.</param>
    public static void Write(KvType type, ReadOnlySpan<float> heads, int headSize, void* cache, nint slot)
    {
        Shape.Require("KvRows", "heads modulo head size", 0, heads.Length % headSize);
        fixed (float* source = heads)
        {
            var rows = heads.Length / headSize;
            for (var head = 0; head < rows; head++)
            {
                var offset = ((slot * rows) + head) * Elements(type, headSize);
                Write(type, source + ((nint)head * headSize), headSize, cache, offset);
            }
        }
    }

    private static void Write(KvType type, float* source, int count, void* cache, nint offset)
    {
        switch (type)
        {
            case KvType.F32: F32Element.Write(source, count, cache, offset); break;
            case KvType.BF16: BF16Element.Write(source, count, cache, offset); break;
            default: Int8Element.Write(source, count, cache, offset); break;
        }
    }
}

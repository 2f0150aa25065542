namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// What <see cref="PagedAttention.Run"/> reads and writes: T tokens of B sequences, one after another.
/// <b>Layout</b>: row-major f32 and int32, any alignment; the caches hold <see cref="CacheType"/>.
/// </summary>
public unsafe struct PagedAttentionArguments
{
    /// <summary>[T, Heads * HeadSize], before the rotation.</summary>
    public float* Query { get; set; }

    /// <summary>[T, KvHeads * HeadSize], before the rotation.</summary>
    public float* Key { get; set; }

    /// <summary>[T, KvHeads * HeadSize].</summary>
    public float* Value { get; set; }

    /// <summary>[MaxPositions, RotaryDims / 2].</summary>
    public float* Cos { get; set; }

    /// <summary>[MaxPositions, RotaryDims / 2].</summary>
    public float* Sin { get; set; }

    /// <summary>[NumBlocks, BlockSize, KvHeads, <see cref="KvRows.Elements"/>]; holds rotated keys.</summary>
    public void* KeyCache { get; set; }

    /// <summary>[NumBlocks, BlockSize, KvHeads, <see cref="KvRows.Elements"/>].</summary>
    public void* ValueCache { get; set; }

    public KvType CacheType { get; set; }

    /// <summary>[Sequences, MaxBlocksPerSequence]; entries past a sequence's length are not read.</summary>
    public int* BlockTable { get; set; }

    /// <summary>[Sequences + 1]: sequence b brings the tokens [c[b], c[b + 1]).</summary>
    public int* CumulativeLengths { get; set; }

    /// <summary>[Sequences]: positions already in the cache.</summary>
    public int* PastLengths { get; set; }

    /// <summary>[Sequences]: a token's rotation is that of its position less this, at most the past, negative for rows further down; null: 0 for all.</summary>
    public int* RotaryOffsets { get; set; }

    /// <summary>[T, Heads * HeadSize]; may be <see cref="Query"/>.</summary>
    public float* Output { get; set; }

    public int Tokens { get; set; }
    public int Sequences { get; set; }
    public int Heads { get; set; }
    public int KvHeads { get; set; }
    public int HeadSize { get; set; }

    /// <summary>Leading dimensions of a head that rotate, in pairs (i, i + RotaryDims / 2); even, 0 for none.</summary>
    public int RotaryDims { get; set; }

    public int MaxPositions { get; set; }
    public int BlockSize { get; set; }
    public int NumBlocks { get; set; }
    public int MaxBlocksPerSequence { get; set; }

    /// <summary>Multiplies q.k, usually 1 / sqrt(HeadSize).</summary>
    public float Scale { get; set; }

    /// <summary>A token sees this many positions, itself included; 0 for all.</summary>
    public int Window { get; set; }

    /// <summary>c in c * tanh(logit / c); 0 for none.</summary>
    public float SoftCap { get; set; }
}

namespace AdapterServe.Kernels.Simd;

/// <summary>
/// Sixteen lanes of 32 bits that hold four bytes or two 16-bit integers each, beside the f32 lanes <typeparamref name="TLanes"/> of the same
/// instruction set.
/// <b>Semantics</b>: every operation works within its lane and is exact where its result fits; sums of 16 bits wrap.
/// <b>Units, dtype, layout</b>: memory operands are unaligned, byte 0 of a lane the lowest.
/// </summary>
internal unsafe interface IByteLanes<TSelf, TLanes>
    where TSelf : unmanaged, IByteLanes<TSelf, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>The same 32 bits in every lane.</summary>
    static abstract TSelf Broadcast(int bits);

    static abstract TSelf Load(byte* source);

    static abstract void Store(TSelf value, byte* destination);

    static abstract TSelf LowNibbles(TSelf bytes);

    static abstract TSelf HighNibbles(TSelf bytes);

    /// <summary>
    /// u0 s0 + u1 s1 and u2 s2 + u3 s3 in 16 bits, u unsigned and s signed bytes. Both must fit: u at most 15 is enough, where the instruction
    /// would saturate above 128.
    /// </summary>
    static abstract TSelf MultiplyPairs(TSelf unsigned, TSelf signed);

    static abstract TSelf AddShorts(TSelf a, TSelf b);

    /// <summary>The sum of a lane's two 16-bit integers as f32.</summary>
    static abstract TLanes SumShorts(TSelf shorts);

    /// <summary>Sixteen signed bytes as f32.</summary>
    static abstract TLanes LoadSingles(sbyte* source);

    /// <summary>Stores the lowest byte of every f32 lane's bits.</summary>
    static abstract void StoreLowBytes(TLanes value, sbyte* destination);
}

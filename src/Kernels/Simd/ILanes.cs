namespace AdapterServe.Kernels.Simd;

/// <summary>
/// Sixteen f32 lanes. Kernels are written once over this interface and compiled once for each instruction set.
/// <b>Semantics</b>: every operation works lane by lane; <see cref="Sum"/> and <see cref="Largest"/> reduce by one fixed tree
/// (lane i with i + 8, then + 4, + 2, + 1), so that a result depends on the operands alone.
/// <b>Units, dtype, layout</b>: memory operands are unaligned; bf16 is the upper half of an f32.
/// </summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Whether sixteen accumulators and their operands fit into the registers at once.</summary>
    static abstract bool HoldsSixteenAccumulators { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(float* source);

    static abstract TSelf LoadBF16(ushort* source);

    static abstract TSelf LoadInt8(sbyte* source);

    /// <summary>1 in the lanes whose bit is set, lane 0 the lowest, and 0 in the others.</summary>
    static abstract TSelf FromBits(ushort bits);

    static abstract void Store(TSelf value, float* destination);

    static abstract TSelf Add(TSelf a, TSelf b);

    static abstract TSelf Subtract(TSelf a, TSelf b);

    static abstract TSelf Multiply(TSelf a, TSelf b);

    static abstract TSelf Divide(TSelf a, TSelf b);

    /// <summary>a * b + c; one rounding on every path but the portable ones.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The same for one number, with the bits that a lane would have.</summary>
    static abstract float MultiplyAdd(float a, float b, float c);

    /// <summary>a &gt; b ? a : b, hence b where either is not a number.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>a &lt; b ? a : b, hence b where either is not a number.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>2^n for a lane that holds 1.5 * 2^23 + n, n in [-126, 127].</summary>
    static abstract TSelf PowerOfTwo(TSelf shifted);

    static abstract float Sum(TSelf value);

    static abstract float Largest(TSelf value);

    /// <summary>destination[16 j + i] = source[i stride + j] for i, j in [0, 16).</summary>
    static abstract void Transpose(float* source, nint stride, float* destination);
}

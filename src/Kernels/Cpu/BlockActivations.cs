using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Rows of x as bytes, in groups of 32 inputs with a scale each.
/// <b>Semantics</b>: scale = max |x| / 127, byte = round(x / scale) to even. A group whose largest value is below <see cref="Least"/> counts as
/// zeros; one with an infinity or what is not a number has the scale NaN, so that its row's outputs are NaN, and no other row's.
/// <b>Layout</b>: a row is [groups][32] bytes, [groups] scales in f32, [groups] offsets of 32 bits. Without zero points an offset is two 16-bit
/// integers, -8 times the sums of the bytes at places 0, 1 and at places 2, 3 of every four: where sums of code times byte start so that they end
/// as those of (code - 8) times byte. With zero points it is the sum of the bytes in f32.
/// <b>Source</b>: the rounding of ONNX Runtime's MatMulNBits at accuracy level 4.
/// </summary>
internal unsafe struct BlockActivations
{
    public const float Least = 1e-35f;
    private const int GroupInputs = BlockProductLayout.GroupInputs;
    private const int DefaultZero = 8;
    private const float LargestByte = 127;

    /// <summary>1.5 * 2^23: adding it rounds a smaller float to an integer, to even, which then is its lowest bits.</summary>
    private const float Rounding = 12_582_912;

    public sbyte* Bytes;
    public float* Scales;
    public int* Offsets;

    public static nint RowBytes(int groups) => (nint)((((long)groups * (GroupInputs + sizeof(float) + sizeof(int))) + 63) & ~63L);

    public static BlockActivations At(byte* row, int groups)
    {
        var scales = row + ((nint)groups * GroupInputs);
        return new BlockActivations { Bytes = (sbyte*)row, Scales = (float*)scales, Offsets = (int*)(scales + ((nint)groups * sizeof(float))) };
    }

    public readonly BlockActivations From(int group) =>
        new() { Bytes = Bytes + ((nint)group * GroupInputs), Scales = Scales + group, Offsets = Offsets + group };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Quantize<TLanes, TBytes>(float* x, int inFeatures, bool hasZeroPoints)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        var whole = inFeatures / GroupInputs;
        for (var group = 0; group < whole; group++)
        {
            Group<TLanes, TBytes>(x + ((nint)group * GroupInputs), group, hasZeroPoints);
        }

        var rest = inFeatures % GroupInputs;
        if (rest > 0)
        {
            var tail = stackalloc float[GroupInputs];
            new Span<float>(tail, GroupInputs).Clear();
            new ReadOnlySpan<float>(x + ((nint)whole * GroupInputs), rest).CopyTo(new Span<float>(tail, rest));
            Group<TLanes, TBytes>(tail, whole, hasZeroPoints);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Group<TLanes, TBytes>(float* x, int group, bool hasZeroPoints)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        TLanes low = TLanes.Load(x), high = TLanes.Load(x + 16), rounding = TLanes.Broadcast(Rounding);
        var largest = TLanes.Largest(TLanes.Max(Magnitude(low), Magnitude(high)));
        // Zero for finite numbers alone.
        var check = TLanes.Sum(TLanes.Add(TLanes.Subtract(low, low), TLanes.Subtract(high, high)));
        var scale = largest < Least ? 0 : largest / LargestByte;
        var inverse = TLanes.Broadcast(scale == 0 ? 0 : 1 / scale);
        low = TLanes.Add(TLanes.Multiply(low, inverse), rounding);
        high = TLanes.Add(TLanes.Multiply(high, inverse), rounding);
        TBytes.StoreLowBytes(low, Bytes + (group * GroupInputs));
        TBytes.StoreLowBytes(high, Bytes + (group * GroupInputs) + 16);
        Scales[group] = scale + check;
        Offsets[group] = Offset(TLanes.Add(TLanes.Subtract(low, rounding), TLanes.Subtract(high, rounding)), hasZeroPoints);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Magnitude<TLanes>(TLanes value)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Max(value, TLanes.Subtract(TLanes.Zero, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Offset<TLanes>(TLanes sums, bool hasZeroPoints)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var all = TLanes.Sum(sums);
        if (hasZeroPoints)
        {
            return BitConverter.SingleToInt32Bits(all);
        }

        const ushort firstTwoOfFour = 0x3333;
        var first = (int)TLanes.Sum(TLanes.Multiply(sums, TLanes.FromBits(firstTwoOfFour)));
        var second = (int)all - first;
        return (ushort)(-DefaultZero * first) | ((-DefaultZero * second) << 16);
    }
}

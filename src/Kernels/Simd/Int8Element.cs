using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AdapterServe.Kernels.Simd;

/// <summary>Signed bytes as whole numbers; for <see cref="Cpu.KvType.Int8"/> a row is its integers, then its scale, at any alignment.</summary>
internal readonly unsafe struct Int8Element : IKvElement
{
    private const float Most = 127;

    /// <summary>Below this, 127 / largest would not be finite: such rows count as zeros.</summary>
    private const float Least = 1e-35f;

    public static int Bytes => sizeof(sbyte);

    public static bool IsF32 => false;

    public static bool HasScale => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BytesOf(nint elements) => elements;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RowElements(int headSize) => headSize + sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(void* cache, nint offset, int headSize) => Unsafe.ReadUnaligned<float>((sbyte*)cache + offset + headSize);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LoadInt8((sbyte*)source + offset);

    public static float Load(void* cache, nint offset) => ((sbyte*)cache)[offset];

    /// <summary>A row with something that is no number is none: its scale is not, or is infinite.</summary>
    public static void Write(float* source, int count, void* cache, nint offset)
    {
        var target = (sbyte*)cache + offset;
        var largest = Largest(source, count);
        var isZero = largest < Least;
        Unsafe.WriteUnaligned(target + count, isZero ? 0 : largest / Most);
        if (isZero)
        {
            new Span<sbyte>(target, count).Clear();
        }
        else
        {
            Round(source, count, Most / largest, target);
        }
    }

    private static float Largest(float* source, int count)
    {
        var i = 0;
        var lanes = Vector128<float>.Zero;
        for (; i + Vector128<float>.Count <= count; i += Vector128<float>.Count)
        {
            lanes = Vector128.Max(lanes, Vector128.Abs(Vector128.Load(source + i)));
        }

        var largest = MathF.Max(MathF.Max(lanes[0], lanes[1]), MathF.Max(lanes[2], lanes[3]));
        for (; i < count; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(source[i]));
        }

        return largest;
    }

    private static void Round(float* source, int count, float factor, sbyte* target)
    {
        var i = 0;
        for (; i + 16 <= count; i += 16)
        {
            var low = Vector128.Narrow(Rounded(source + i, factor), Rounded(source + i + 4, factor));
            var high = Vector128.Narrow(Rounded(source + i + 8, factor), Rounded(source + i + 12, factor));
            Vector128.Narrow(low, high).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] = (sbyte)MathF.Round(source[i] * factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Rounded(float* source, float factor) =>
        Vector128.ConvertToInt32(Vector128.Round(Vector128.Load(source) * Vector128.Create(factor)));
}

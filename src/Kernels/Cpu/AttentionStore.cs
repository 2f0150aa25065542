using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rotates a token's queries into the workspace and its key into the cache, and copies its value.</summary>
internal static unsafe class AttentionStore
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Token<TLanes, TKv>(in PagedAttentionArguments a, float* queries, int sequence, int token)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        var size = a.HeadSize;
        var group = a.Heads / a.KvHeads;
        var position = a.PastLengths[sequence] + token - a.CumulativeLengths[sequence];
        var half = a.RotaryDims / 2;
        var angle = a.RotaryOffsets == null ? position : position - a.RotaryOffsets[sequence];
        var cos = a.Cos + ((nint)angle * half);
        var sin = a.Sin + ((nint)angle * half);
        var block = a.BlockTable[((nint)sequence * a.MaxBlocksPerSequence) + (position / a.BlockSize)];
        var slot = (((nint)block * a.BlockSize) + (position % a.BlockSize)) * a.KvHeads;
        var rotated = stackalloc float[size];
        for (var kvHead = 0; kvHead < a.KvHeads; kvHead++)
        {
            var source = ((nint)token * a.KvHeads * size) + ((nint)kvHead * size);
            Rotate<TLanes>(a.Key + source, cos, sin, half, size, 1, rotated);
            var row = (slot + kvHead) * TKv.RowElements(size);
            TKv.Write(rotated, size, a.KeyCache, row);
            TKv.Write(a.Value + source, size, a.ValueCache, row);
            var query = a.Query + (((nint)token * a.Heads) + ((nint)kvHead * group)) * size;
            var target = queries + (((nint)kvHead * a.Tokens) + token) * group * size;
            for (var head = 0; head < group; head++)
            {
                Rotate<TLanes>(query + ((nint)head * size), cos, sin, half, size, a.Scale, target + ((nint)head * size));
            }
        }
    }

    /// <summary>target = scale * rotate(source), for a source and a target that do not overlap.</summary>
    public static void Rotate<TLanes>(float* source, float* cos, float* sin, int half, int size, float scale, float* target)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var lanes = TLanes.Broadcast(scale);
        var i = 0;
        for (; i + 16 <= half; i += 16)
        {
            var a = TLanes.Load(source + i);
            var b = TLanes.Load(source + half + i);
            var c = TLanes.Load(cos + i);
            var s = TLanes.Load(sin + i);
            var first = TLanes.Subtract(TLanes.Multiply(a, c), TLanes.Multiply(b, s));
            var second = TLanes.Add(TLanes.Multiply(b, c), TLanes.Multiply(a, s));
            TLanes.Store(TLanes.Multiply(first, lanes), target + i);
            TLanes.Store(TLanes.Multiply(second, lanes), target + half + i);
        }

        for (; i < half; i++)
        {
            var a = source[i];
            var b = source[half + i];
            target[i] = ((a * cos[i]) - (b * sin[i])) * scale;
            target[half + i] = ((b * cos[i]) + (a * sin[i])) * scale;
        }

        for (i = 2 * half; i < size; i++)
        {
            target[i] = source[i] * scale;
        }
    }
}

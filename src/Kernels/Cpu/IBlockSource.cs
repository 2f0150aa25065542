using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>How <see cref="BlockTile"/> finds codes: as they are packed, or unpacked to bytes for many rows.</summary>
internal unsafe interface IBlockSource
{
    /// <summary>Bytes that hold eight inputs of sixteen outputs.</summary>
    static abstract int EightBytes { get; }

    /// <summary>The first and the second four of eight inputs, a byte a code.</summary>
    static abstract void Load<TLanes, TBytes>(byte* source, out TBytes first, out TBytes second)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>;
}

/// <summary>The layout of <see cref="Weights.BlockProductLayout"/>.</summary>
internal readonly unsafe struct PackedSource : IBlockSource
{
    public static int EightBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes, TBytes>(byte* source, out TBytes first, out TBytes second)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        var both = TBytes.Load(source);
        first = TBytes.LowNibbles(both);
        second = TBytes.HighNibbles(both);
    }
}

/// <summary>The same with both registers of <see cref="PackedSource"/> one after the other.</summary>
internal readonly unsafe struct UnpackedSource : IBlockSource
{
    public static int EightBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes, TBytes>(byte* source, out TBytes first, out TBytes second)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        first = TBytes.Load(source);
        second = TBytes.Load(source + 64);
    }
}

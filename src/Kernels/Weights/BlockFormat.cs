using System.Numerics;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A matrix of small integers, each row cut into blocks that share a scale and a zero point.
/// <b>Semantics</b>: w = (code - zero) * scale; where no zero points are kept, zero is <see cref="DefaultZero"/>.
/// <b>Units, dtype, layout</b>: codes are unsigned, packed from a byte's low bits up, <c>[rows][blocks][BlockBytes]</c>, the last block of a row padded; scales
/// f32 <c>[rows][blocks]</c>; zero points packed like codes, <c>[rows][ZeroBytes]</c>, each row from a new byte on.
/// <b>Errors</b>: <see cref="ArgumentOutOfRangeException"/> for other sizes than 4 or 8 bits and powers of two in [16, 256].
/// <b>Source</b>: ONNX Runtime's contrib operator MatMulNBits.
/// </summary>
public readonly record struct BlockFormat
{
    public const int MostWeights = 256;
    private const int FewestWeights = 16;

    public BlockFormat(int bits, int blockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bits is 4 or 8, true, nameof(bits));
        var isBlock = BitOperations.IsPow2(blockSize) && blockSize is >= FewestWeights and <= MostWeights;
        ArgumentOutOfRangeException.ThrowIfNotEqual(isBlock, true, nameof(blockSize));
        (Bits, BlockSize) = (bits, blockSize);
    }

    /// <summary>Of a weight.</summary>
    public int Bits { get; }

    /// <summary>Weights that share a scale.</summary>
    public int BlockSize { get; }

    public int DefaultZero => 1 << (Bits - 1);

    public int BlockBytes => BlockSize * Bits / 8;

    public int Blocks(int columns) => (int)(((long)columns + BlockSize - 1) / BlockSize);

    /// <summary>Bytes of a row's codes.</summary>
    public long RowBytes(int columns) => (long)Blocks(columns) * BlockBytes;

    /// <summary>Bytes of a row's zero points.</summary>
    public int ZeroBytes(int columns) => (int)((((long)Blocks(columns) * Bits) + 7) / 8);
}

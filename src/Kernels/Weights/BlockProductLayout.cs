namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Weights of 4 bits as <see cref="Cpu.BlockQuantizedProduct"/> reads them: front to back, one stream, in the order of the multiplications.
/// <b>Layout</b>: <c>[O / 64 tiles][H / block records]</c>. A record is the block's codes
/// <c>[block / 32][4 × 16 outputs][4][16 outputs][4 bytes]</c>, its 64 scales in f32 and, where there are zero points, 64 signed bytes, each the
/// negative of one. Byte i of the j-th four bytes holds inputs 8j + i (low nibble) and 8j + 4 + i (high nibble) of the 32. Outputs beyond O have
/// the scale 0, inputs beyond H meet zeros of x.
/// <b>Errors</b>: <see cref="ArgumentException"/> for other formats than 4 bits in blocks of 32 to 256, and for sizes below 1.
/// </summary>
public readonly record struct BlockProductLayout
{
    /// <summary>Outputs of a tile.</summary>
    public const int TileOutputs = 64;

    /// <summary>Inputs whose products are summed up in integers: what the rows of x are quantised by.</summary>
    public const int GroupInputs = 32;

    internal const int GroupBytes = TileOutputs * GroupInputs / 2;
    internal const int Lanes = 16;

    public BlockProductLayout(BlockFormat format, int inFeatures, int outFeatures, bool hasZeroPoints)
    {
        Shape.Require("BlockQuantizedProduct", "bits", 4, format.Bits);
        Shape.RequireRange("BlockQuantizedProduct", "block size", GroupInputs, BlockFormat.MostWeights + 1, format.BlockSize);
        Shape.RequireRange("BlockQuantizedProduct", "in features", 1, int.MaxValue, inFeatures);
        Shape.RequireRange("BlockQuantizedProduct", "out features", 1, int.MaxValue, outFeatures);
        (Format, InFeatures, OutFeatures, HasZeroPoints) = (format, inFeatures, outFeatures, hasZeroPoints);
    }

    public BlockFormat Format { get; }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    public bool HasZeroPoints { get; }

    public int Tiles => (int)(((long)OutFeatures + TileOutputs - 1) / TileOutputs);

    public long TileBytes => (long)Records * RecordBytes;

    public long Bytes => Tiles * TileBytes;

    internal int Groups => (int)(((long)InFeatures + GroupInputs - 1) / GroupInputs);

    internal int Records => Format.Blocks(InFeatures);

    internal int GroupsPerRecord => Format.BlockSize / GroupInputs;

    internal int CodeBytes => GroupsPerRecord * GroupBytes;

    internal int ScaleBytes => TileOutputs * (sizeof(float) + (HasZeroPoints ? 1 : 0));

    internal int RecordBytes => CodeBytes + ScaleBytes;

    /// <summary>Whether a matrix can be held so; the others are left to ONNX Runtime.</summary>
    public static bool Holds(BlockFormat format) => format.Bits == 4 && format.BlockSize >= GroupInputs;
}

namespace AdapterServe.Kernels.Cpu;

/// <summary>What a register tile of <see cref="BlockTile"/> is compiled for.</summary>
internal interface IBlockVariant
{
    /// <summary>Two rows, or one.</summary>
    static abstract bool IsPair { get; }

    static abstract bool HasZeroPoints { get; }
}

internal readonly struct OneRow : IBlockVariant
{
    public static bool IsPair => false;

    public static bool HasZeroPoints => false;
}

internal readonly struct TwoRows : IBlockVariant
{
    public static bool IsPair => true;

    public static bool HasZeroPoints => false;
}

internal readonly struct OneRowWithZeros : IBlockVariant
{
    public static bool IsPair => false;

    public static bool HasZeroPoints => true;
}

internal readonly struct TwoRowsWithZeros : IBlockVariant
{
    public static bool IsPair => true;

    public static bool HasZeroPoints => true;
}

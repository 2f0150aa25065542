namespace AdapterServe.Kernels.Simd;

/// <summary>What a product asks for at each step of its depth, in the shade of its multiply-adds: lines that the caller reads later.</summary>
internal unsafe interface IAsk
{
    static abstract int LinesPerStep { get; }
}

/// <summary>For weights that stand one after another.</summary>
internal readonly struct AsksNothing : IAsk
{
    public static int LinesPerStep => 0;
}

/// <summary>As many lines as two row tiles read together, each half of them.</summary>
internal readonly struct AsksTwo : IAsk
{
    public static int LinesPerStep => 2;
}

/// <summary>As many lines as the step reads itself.</summary>
internal readonly struct AsksFour : IAsk
{
    public static int LinesPerStep => 4;
}

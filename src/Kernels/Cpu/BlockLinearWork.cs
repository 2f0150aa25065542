namespace AdapterServe.Kernels.Cpu;

/// <summary>A linear as the tasks of <see cref="BlockQuantizedProductCall"/> see it: plain memory.</summary>
internal struct BlockLinearWork
{
    public BlockLinear Linear;
    public LowRankCall LowRank;

    /// <summary>Its first unit, of those of all linears.</summary>
    public int FirstUnit;
}

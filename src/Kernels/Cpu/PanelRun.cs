namespace AdapterServe.Kernels.Cpu;

/// <summary>Consecutive k of a <see cref="Panel"/> whose weights stand a constant stride apart; a product over paged memory has many.</summary>
internal unsafe struct PanelRun
{
    public void* W;
    public nint Depth;

    /// <summary>Memory that the caller reads later, as many bytes as the run's weights have; any address. See <see cref="Simd.IAsk"/>.</summary>
    public byte* Ask;
}

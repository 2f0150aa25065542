using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Where a mixture's rows lie in the workspace, in floats from its start: h, the bottlenecks' outputs one after the other, then of an attention what Q, K and V are applied to or give.</summary>
internal readonly struct MixtureScratch(MixtureWeights weights, int rows)
{
    /// <summary>Floats of one [rows, width], a multiple of sixteen.</summary>
    public nint Block { get; } = (nint)(((long)rows * weights.OutFeatures + Packing.Lanes - 1) / Packing.Lanes * Packing.Lanes);

    public nint Outputs => Block;

    public nint Queried => Outputs + (Block * weights.Children.Length);

    public nint Keyed => Queried + (weights.Query is null ? 0 : Block);

    public nint Mixed => Keyed + (weights.Key is null ? 0 : Block);

    public long Floats => Mixed + (weights.Value is null ? 0 : Block);
}

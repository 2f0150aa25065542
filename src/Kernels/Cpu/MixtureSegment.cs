using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one mixture.</summary>
public readonly record struct MixtureSegment(int RowStart, int RowEnd, MixtureWeights Weights);

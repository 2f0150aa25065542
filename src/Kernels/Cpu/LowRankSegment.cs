using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one low-rank adapter.</summary>
public readonly record struct LowRankSegment(int RowStart, int RowEnd, LowRankWeights Weights);

using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one sparse form.</summary>
public readonly record struct SparseSegment(int RowStart, int RowEnd, SparseWeights Weights);

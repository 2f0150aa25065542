using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one dense form.</summary>
public readonly record struct DenseSegment(int RowStart, int RowEnd, DenseWeights Weights);

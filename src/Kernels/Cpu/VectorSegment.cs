using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one vector form.</summary>
public readonly record struct VectorSegment(int RowStart, int RowEnd, VectorWeights Weights);

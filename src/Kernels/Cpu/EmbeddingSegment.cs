using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one form of embedding rows.</summary>
public readonly record struct EmbeddingSegment(int RowStart, int RowEnd, EmbeddingRowsWeights Weights);

using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that share one norm.</summary>
public readonly record struct RmsNormSegment(int RowStart, int RowEnd, RmsNormWeights Weights);

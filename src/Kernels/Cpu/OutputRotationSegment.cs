using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) whose output is rotated by these weights.</summary>
public readonly record struct OutputRotationSegment(int RowStart, int RowEnd, OutputRotationWeights Weights);

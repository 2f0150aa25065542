using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) whose input is rotated by these weights.</summary>
public readonly record struct InputRotationSegment(int RowStart, int RowEnd, InputRotationWeights Weights);

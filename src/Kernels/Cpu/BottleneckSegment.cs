using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Rows [RowStart, RowEnd) of a flattened batch that share one bottleneck. Weights with a state also need the sequences that these rows are made of:
/// <paramref name="Sequences"/> of them from <paramref name="FirstSequence"/> on in the call's list, in row order and without gaps.
/// </summary>
public readonly record struct BottleneckSegment(int RowStart, int RowEnd, BottleneckWeights Weights, int FirstSequence = 0, int Sequences = 0);

using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>Rows [RowStart, RowEnd) of a flattened batch that attend to the same learned keys and values.</summary>
public readonly record struct AttentionPromptSegment(int RowStart, int RowEnd, AttentionPromptWeights Weights);

using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>What one adapter of a merge does at one site.</summary>
/// <param name="Part">Which adapter of the mixture.</param>
/// <param name="Weight">Its weight there.</param>
/// <param name="Forms">At least one.</param>
internal sealed record MergeTerm(int Part, double Weight, FormWeights[] Forms);

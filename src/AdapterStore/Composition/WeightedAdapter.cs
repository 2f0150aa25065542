using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>One adapter of a sum.</summary>
/// <param name="Name">As the request wrote it, for messages.</param>
/// <param name="Weights">Its lowered tensors.</param>
/// <param name="Factor">What its change of the base's output is multiplied by.</param>
/// <param name="Replacements">Whether it also brings the matrices that replace the base's, such as a head of its own.</param>
internal sealed record WeightedAdapter(string Name, AdapterWeights Weights, double Factor, bool Replacements = true);

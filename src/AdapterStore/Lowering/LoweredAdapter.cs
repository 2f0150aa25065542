using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>Weights with what was found out about them; the receiver owns the weights.</summary>
internal sealed record LoweredAdapter(AdapterWeights Weights, AdapterFacts Facts);

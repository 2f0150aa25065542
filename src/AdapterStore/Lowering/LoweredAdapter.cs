using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>Weights with what was found out about them; the receiver owns the weights. Error: see <see cref="SvdLowering.Error"/>.</summary>
internal sealed record LoweredAdapter(AdapterWeights Weights, AdapterFacts Facts, double? Error);

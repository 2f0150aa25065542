using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>One adapter of a mixture.</summary>
/// <param name="Name">As the request wrote it, for messages.</param>
/// <param name="Version">What it means.</param>
/// <param name="Weight">Finite.</param>
/// <param name="WithAbs">Whether it brings the matrices with which it replaces the base's, such as a head of its own; only a plain sum can leave them out.</param>
public sealed record MixturePart(string Name, AdapterVersion Version, double Weight = 1, bool WithAbs = true);

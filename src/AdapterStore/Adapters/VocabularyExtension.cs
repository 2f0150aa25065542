using System.Collections.Immutable;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// The tokens that an adapter adds behind the base's vocabulary of V; their rows of the embedding are among the adapter's forms there.
/// </summary>
/// <param name="Tokens">How many: the ids [V, V + Tokens).</param>
/// <param name="Head">The forms that make their logits of the head's input, in the order in which they apply. <b>Shapes</b>: [Tokens, H] each.</param>
public sealed record VocabularyExtension(int Tokens, ImmutableArray<FormWeights> Head);

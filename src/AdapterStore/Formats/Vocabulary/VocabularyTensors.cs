using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Vocabulary;

/// <summary>The tokens that an adapter adds behind the base's vocabulary.</summary>
/// <param name="Added">How many.</param>
/// <param name="Head">What gives their logits, at a head that has them alone; the rows of the embedding are among the adapter's other forms.</param>
internal sealed record VocabularyTensors(int Added, ImmutableArray<SiteTensors> Head);

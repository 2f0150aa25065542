using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>A tensor that a configuration calls for.</summary>
internal sealed record ExpectedTensor(string Name, ImmutableArray<long> Shape);

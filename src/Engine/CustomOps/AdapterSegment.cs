using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.Engine.CustomOps;

/// <summary>A maximal run of rows [RowStart, RowEnd) with the same adapter.</summary>
internal readonly record struct AdapterSegment(int RowStart, int RowEnd, AdapterWeights Weights);

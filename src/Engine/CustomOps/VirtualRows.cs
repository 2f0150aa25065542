using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.Engine.CustomOps;

/// <summary>Rows [RowStart, RowStart + Rows) of the batch are the virtual tokens of a soft prompt from First on.</summary>
internal readonly record struct VirtualRows(int RowStart, int Rows, int First, VirtualTokens Tokens);

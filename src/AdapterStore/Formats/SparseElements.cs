namespace AdapterServe.AdapterStore.Formats;

/// <summary>Elements of a matrix in any order, computed at load; equal places add up.</summary>
internal sealed record SparseElements(int[] Rows, int[] Columns, double[] Values);

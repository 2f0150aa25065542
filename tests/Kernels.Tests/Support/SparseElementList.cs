namespace AdapterServe.Kernels.Tests.Support;

/// <summary>Elements of a sparse matrix.</summary>
internal sealed record SparseElementList(int[] Rows, int[] Columns, float[] Values);

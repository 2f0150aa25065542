namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// y += Left (Right x), computed at load.
/// <b>Shapes</b>: Left [out, rank], Right [rank, in], row-major f64.
/// </summary>
internal sealed record Factors(double[] Left, double[] Right);

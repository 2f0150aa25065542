using AdapterServe.LoadTest.Recording;

namespace AdapterServe.LoadTest.Reports;

/// <summary>A distribution of milliseconds; the buckets are the upper end in milliseconds and the count of each one that holds something.</summary>
internal sealed record LatencySummary(
    long Count, double MeanMs, double P50Ms, double P90Ms, double P99Ms, double P999Ms, double MaxMs, IReadOnlyList<double[]> Buckets)
{
    public static LatencySummary Of(LatencyHistogram histogram) => new(
        histogram.Count, Math.Round(histogram.Mean / 1000, 3), histogram.Percentile(0.5) / 1000.0, histogram.Percentile(0.9) / 1000.0,
        histogram.Percentile(0.99) / 1000.0, histogram.Percentile(0.999) / 1000.0, histogram.Max / 1000.0,
        [.. histogram.Buckets().Select(bucket => new[] { bucket.UpperEnd / 1000.0, bucket.Count })]);
}

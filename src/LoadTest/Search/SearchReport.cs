namespace AdapterServe.LoadTest.Search;

/// <param name="Limits">In words.</param>
/// <param name="BestRate">The highest rate that met them; null when none did.</param>
/// <param name="Missed">The lowest rate that missed them; null when none did.</param>
/// <param name="Probes">In the order of their runs.</param>
internal sealed record SearchReport(string Limits, double? BestRate, double? Missed, IReadOnlyList<ProbeResult> Probes);

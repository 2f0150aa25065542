using System.Globalization;
using AdapterServe.LoadTest.Traces;

namespace AdapterServe.LoadTest.Arrivals;

/// <summary>The trace's own times, played faster or slower; the run ends with the trace.</summary>
internal sealed class TraceArrivals(IReadOnlyList<TraceRow> rows, double speed) : IArrivals
{
    public IEnumerable<double> Seconds() => rows.Select(row => row.Seconds / speed);

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"{rows.Count} arrivals of the trace at {speed:0.###} times its speed");
}

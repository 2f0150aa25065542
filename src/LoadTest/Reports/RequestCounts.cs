namespace AdapterServe.LoadTest.Reports;

/// <param name="Measured">Requests intended after the warm-up.</param>
/// <param name="Succeeded">Of them.</param>
/// <param name="Failed">Of them, the unfinished included.</param>
/// <param name="Good">Of them: succeeded within the limits; all that succeeded where there are none.</param>
/// <param name="Short">Succeeded with fewer tokens than were asked for.</param>
internal sealed record RequestCounts(long Measured, long Succeeded, long Failed, long Good, long Short);

namespace AdapterServe.LoadTest.Arrivals;

/// <summary>When requests of an open loop arrive, whatever the server does.</summary>
internal interface IArrivals
{
    /// <summary>Seconds since the start, ascending; the same each time.</summary>
    IEnumerable<double> Seconds();

    string Describe();
}

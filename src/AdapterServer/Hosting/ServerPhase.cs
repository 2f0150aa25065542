namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Where the process is in its life.</summary>
internal enum ServerPhase
{
    Starting,
    Ready,
    Stopping,
}

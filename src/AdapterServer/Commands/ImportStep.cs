namespace AdapterServe.AdapterServer.Commands;

/// <summary>How far a stage of an import is.</summary>
/// <param name="Stage">What is done, and in which unit it is counted.</param>
/// <param name="Done">So much of it.</param>
/// <param name="Total">All of it.</param>
public readonly record struct ImportStep(string Stage, long Done, long Total);

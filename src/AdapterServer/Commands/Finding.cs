namespace AdapterServe.AdapterServer.Commands;

/// <summary>What a look at the machine found.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Level">What it means.</param>
/// <param name="Message">What is there.</param>
/// <param name="Cure">What to do; null where there is nothing to do.</param>
public sealed record Finding(string Check, FindingLevel Level, string Message, string? Cure = null);

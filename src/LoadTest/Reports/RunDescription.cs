namespace AdapterServe.LoadTest.Reports;

/// <summary>What was run.</summary>
/// <param name="Url">The server.</param>
/// <param name="Server">Its kind.</param>
/// <param name="Model">The base's name.</param>
/// <param name="Load">Arrivals or clients, in words.</param>
/// <param name="Adapters">Popularity, in words.</param>
/// <param name="Prompts">Lengths and form, in words.</param>
/// <param name="Outputs">Lengths, in words.</param>
/// <param name="Seed">With the options it gives the same plan again.</param>
/// <param name="StartedAt">The wall clock's time.</param>
internal sealed record RunDescription(
    string Url, string Server, string Model, string Load, string Adapters, string Prompts, string Outputs, ulong Seed, DateTimeOffset StartedAt);

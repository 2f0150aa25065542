namespace AdapterServe.LoadTest.Plans;

/// <summary>A request before it is sent.</summary>
/// <param name="Index">Its number from 0, in the order of arrival.</param>
/// <param name="ArrivalUs">Microseconds after the run's start; 0 in a closed loop.</param>
/// <param name="Tenant">The place in the plan's tenants.</param>
/// <param name="Adapter">Null for the base alone; the sum of several is their names joined by <c>+</c>.</param>
/// <param name="PromptTokens">As asked for; text comes close to it.</param>
/// <param name="OutputTokens">The answer's limit.</param>
/// <param name="PromptSeed">What the prompt's content is made of.</param>
/// <param name="ThinkMs">How long a client of a closed loop waits afterwards.</param>
internal sealed record PlannedRequest(
    long Index, long ArrivalUs, int Tenant, string? Adapter, int PromptTokens, int OutputTokens, ulong PromptSeed, int ThinkMs);

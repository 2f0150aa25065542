namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>The engine gave up on a request; its own log says why.</summary>
internal sealed class GenerationFailedException(string message) : Exception(message);

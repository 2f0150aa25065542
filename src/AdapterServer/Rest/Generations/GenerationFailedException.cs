namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>The engine gave up on a request; the inner exception says why.</summary>
internal sealed class GenerationFailedException(string message, Exception? inner) : Exception(message, inner);

namespace Grpc.Core;

/// <summary>What a call would hand on to the calls that it makes.</summary>
public abstract class ContextPropagationToken;

using AdapterServe.Engine.Guided;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>What an answer shall look like, as the client wrote it.</summary>
/// <param name="Kind">In which language.</param>
/// <param name="Text">The schema, the expression, the grammar, or the list of choices.</param>
/// <param name="Param">The request's field.</param>
internal sealed record GuideRequest(GuideKind Kind, string Text, string Param);

using System.Collections.Immutable;

namespace AdapterServe.Engine.Guided;

/// <summary>What an answer is held to.</summary>
/// <param name="Automaton">Over the base's tokens.</param>
/// <param name="ForeignIds">Tokens of the base's that mean something else to the adapter; they and those that it adds never come.</param>
public sealed record OutputGuide(GuideAutomaton Automaton, ImmutableArray<int> ForeignIds);

using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Requests;

/// <summary>What comes into the engine: one of the two is there.</summary>
internal readonly record struct Arrival(Sequence? Sequence, WeightSwitch? Switch);

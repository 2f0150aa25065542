namespace AdapterServe.Engine.Fusing;

/// <summary>Two switches at once.</summary>
public sealed class SwitchRunningException() : Exception("An adapter is being fused or taken out; try again when that has been answered.");

namespace AdapterServe.Engine.Fusing;

/// <summary>A switch that did not come about.</summary>
/// <param name="held">What the weights hold now.</param>
/// <param name="message">One sentence for the operator.</param>
/// <param name="reason">What went wrong.</param>
public sealed class WeightSwitchException(FusedTarget? held, string message, Exception reason) : Exception(message, reason)
{
    public FusedTarget? Held { get; } = held;
}

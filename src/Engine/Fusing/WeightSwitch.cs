namespace AdapterServe.Engine.Fusing;

/// <summary>
/// A change of what the base's weights hold, in the queue among the requests: those before it are served with the old weights, those behind it with
/// the new ones.
/// </summary>
/// <param name="Target">The adapter, or null for the base.</param>
/// <param name="Change">What it does to the base's weights; null for the base.</param>
internal sealed record WeightSwitch(FusedTarget? Target, IWeightChange? Change)
{
    private readonly TaskCompletionSource<TimeSpan> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long no step could run. <b>Errors</b>: why the weights are not what was asked for.</summary>
    public Task<TimeSpan> Done => _done.Task;

    public void Succeed(TimeSpan time) => _done.SetResult(time);

    public void Fail(Exception reason) => _done.SetException(reason);
}

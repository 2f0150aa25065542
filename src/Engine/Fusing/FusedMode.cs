using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Fusing;

/// <summary>
/// Puts one adapter into the base's weights, so that its requests cost what the base's cost, and takes it out again, while the server runs.
/// <b>Semantics</b>: a switch waits in line with the requests. What was accepted before it ends with the old weights; what is accepted behind it waits for the new ones.
/// While an adapter is fused only requests for it alone are accepted (<see cref="FusedConflictException"/>).
/// <b>Effects</b>: thread safe. <b>Errors</b>: <see cref="SwitchRunningException"/> while another switch runs.
/// </summary>
public sealed class FusedMode
{
    private readonly RequestQueue _queue;
    private readonly FusableBase? _fusable;
    private int _running;

    internal FusedMode(RequestQueue queue, FusableBase? fusable) => (_queue, _fusable) = (queue, fusable);

    /// <summary>What requests that arrive now are computed with; null is the base, with every adapter beside it.</summary>
    public FusedTarget? Target => _queue.Target;

    /// <summary>
    /// Returns when the weights hold the adapter, in place of one that was fused before; at once for the one that is.
    /// <b>Errors</b>: <see cref="NotFusableException"/>; any other leaves the base unfused.
    /// </summary>
    /// <param name="name">For messages.</param>
    /// <param name="weights">Must live until the task ends.</param>
    /// <returns>How long no step could run.</returns>
    public Task<TimeSpan> FuseAsync(string name, AdapterWeights weights) => InTurnAsync(async () =>
    {
        var target = new FusedTarget(name, weights.Digest);
        if (Target is { IsBroken: false } current && current.Digest == target.Digest)
        {
            return TimeSpan.Zero;
        }

        var fusable = _fusable ?? throw new NotFusableException("This server was not started to fuse adapters; start it with --fusable or --fused NAME.");
        var change = await Task.Run(() => new FusedAdapter(weights, fusable)).ConfigureAwait(false);
        return await SwitchAsync(new WeightSwitch(target, change)).ConfigureAwait(false);
    });

    /// <summary>
    /// Returns when the weights are the base's own again, bit for bit. <b>Errors</b>: <see cref="IOException"/> and its kin where the base's files can't be read; then nothing is
    /// served until a further call succeeds.
    /// </summary>
    public Task<TimeSpan> UnfuseAsync() => InTurnAsync(() => Target is null ? Task.FromResult(TimeSpan.Zero) : SwitchAsync(new WeightSwitch(null, null)));

    /// <summary>For tests: any change in the place of an adapter's.</summary>
    internal Task<TimeSpan> SwitchAsync(FusedTarget? target, IWeightChange? change) => InTurnAsync(() => SwitchAsync(new WeightSwitch(target, change)));

    private async Task<TimeSpan> SwitchAsync(WeightSwitch change)
    {
        _queue.Enter(change);
        try
        {
            return await change.Done.ConfigureAwait(false);
        }
        catch (WeightSwitchException failure)
        {
            _queue.Correct(failure.Held);
            throw;
        }
    }

    private async Task<TimeSpan> InTurnAsync(Func<Task<TimeSpan>> action)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            throw new SwitchRunningException();
        }

        try
        {
            return await action().ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }
}

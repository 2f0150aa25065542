using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Fusing;

/// <summary>
/// Puts one adapter into the base's weights, so that its requests cost what the base's cost, and takes it out again, while the server runs.
/// <b>Semantics</b>: a switch waits in line with the requests. What was accepted before it ends with the old weights; what is accepted behind it
/// waits for the new ones. From the moment when an adapter's switch is accepted, only requests for it alone are
/// (<see cref="FusedConflictException"/>).
/// <b>Effects</b>: thread safe; nothing is kept on disk. <b>Errors</b>: <see cref="SwitchRunningException"/> while another switch runs.
/// </summary>
public sealed class FusedMode : IDisposable
{
    private readonly RequestQueue _queue;
    private readonly FusableBase? _fusable;
    private AdapterLease? _lease;
    private int _running;

    internal FusedMode(RequestQueue queue, FusableBase? fusable) => (_queue, _fusable) = (queue, fusable);

    /// <summary>What requests that arrive now are computed with; null is the base, with every adapter beside it.</summary>
    public FusedTarget? Target => _queue.Target;

    /// <summary>
    /// Returns when the weights hold the adapter, in place of one that was fused before; at once for the one that is.
    /// <b>Errors</b>: <see cref="NotFusableException"/>, which changes nothing; <see cref="WeightSwitchException"/>.
    /// </summary>
    /// <param name="version">The adapter.</param>
    /// <param name="lease">Its weights; passes to this object, whatever happens.</param>
    /// <returns>How long no step could run.</returns>
    public async Task<TimeSpan> FuseAsync(AdapterVersion version, AdapterLease lease)
    {
        ArgumentNullException.ThrowIfNull(version);
        ArgumentNullException.ThrowIfNull(lease);
        var unused = lease;
        try
        {
            return await InTurnAsync(async () =>
            {
                var target = new FusedTarget(version);
                if (Target is { IsBroken: false } current && current.Digest == target.Digest)
                {
                    return TimeSpan.Zero;
                }

                var change = await Task.Run(() => Prepare(lease.Weights)).ConfigureAwait(false);
                var time = await SwitchAsync(new WeightSwitch(target, change)).ConfigureAwait(false);
                unused = Interlocked.Exchange(ref _lease, lease);
                return time;
            }).ConfigureAwait(false);
        }
        finally
        {
            unused?.Dispose();
        }
    }

    /// <summary>
    /// Returns when the weights are the base's own again, bit for bit. <b>Errors</b>: <see cref="WeightSwitchException"/> where the base's files
    /// can't be read; then nothing is served until a further call succeeds; <see cref="SwitchRunningException"/> also where something else than
    /// <paramref name="target"/> is fused by now.
    /// </summary>
    public Task<TimeSpan> UnfuseAsync(FusedTarget target) => InTurnAsync(async () =>
    {
        if (Target != target)
        {
            throw new SwitchRunningException();
        }

        var time = await SwitchAsync(new WeightSwitch(null, null)).ConfigureAwait(false);
        Interlocked.Exchange(ref _lease, null)?.Dispose();
        return time;
    });

    public void Dispose() => Interlocked.Exchange(ref _lease, null)?.Dispose();

    private FusedAdapter Prepare(AdapterWeights weights) => _fusable is null
        ? throw new NotFusableException("This server was not started to fuse adapters; start it with --fusable or --fused NAME.") { IsOff = true }
        : new FusedAdapter(weights, _fusable);

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

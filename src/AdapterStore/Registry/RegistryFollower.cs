namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// Takes over what other replicas change, as long as it lives. A database that goes away is asked again and again; once it is back nothing is missed.
/// </summary>
internal sealed class RegistryFollower : IDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly RegistryDatabase _database;
    private readonly Func<CancellationToken, Task> _catchUp;
    private readonly TimeProvider _time;

    public RegistryFollower(RegistryDatabase database, Func<CancellationToken, Task> catchUp, TimeProvider time)
    {
        (_database, _catchUp, _time) = (database, catchUp, time);
        Ended = Task.Run(FollowAsync);
    }

    /// <summary>Ends after disposal.</summary>
    public Task Ended { get; }

    public void Dispose() => _stop.Cancel();

    private async Task FollowAsync()
    {
        var delay = FirstDelay;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _database.FollowAsync(CatchUpAsync, _stop.Token).ConfigureAwait(false);
            }
            catch (Exception) when (!_stop.IsCancellationRequested)
            {
                // Whatever it was, the next round finds out where it stands.
                await Task.Delay(delay, _time, CancellationToken.None).ConfigureAwait(false);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }

        async Task CatchUpAsync()
        {
            await _catchUp(_stop.Token).ConfigureAwait(false);
            delay = FirstDelay;
        }
    }
}

namespace AdapterServe.LoadTest.Execution;

/// <summary>The requests that are on their way, and room for so many.</summary>
internal sealed class InFlight(int most) : IDisposable
{
    private readonly SemaphoreSlim _room = new(most, most);

    public Task EnterAsync(CancellationToken cancellation) => _room.WaitAsync(cancellation);

    public void Leave() => _room.Release();

    /// <summary>Waits until none is left; nobody may enter any more.</summary>
    public async Task DrainAsync()
    {
        for (var taken = 0; taken < most; taken++)
        {
            await _room.WaitAsync();
        }
    }

    public void Dispose() => _room.Dispose();
}
